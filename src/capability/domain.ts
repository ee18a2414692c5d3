import type { z } from 'zod';
import type { Rights } from '../database/privileges.js';
import type { Completion, Context, Prompt, Resource, Scope, Tool } from './define.js';

/** Counts the reads of a cache by hit and miss. */
export interface CacheUse {
  hits: number;
  misses: number;
}

/** Capabilities that wait for services of their domain's. */
export interface Capabilities<Services = void> {
  tools: Tool<z.ZodObject, z.ZodObject, Services>[];
  resources: Resource<Services>[];
  prompts: Prompt<z.ZodObject, Services>[];
  /** By the name of the argument, in any prompt or resource of the domain. */
  completions: Record<string, Completion<Services>>;
}

/** A guest of the server: everything that one subject brings, and all that the floors know of it. */
export interface Domain extends Capabilities {
  name: string;
  /** The environment variables that it reads, with their defaults. */
  settings: z.ZodRawShape;
  /** All that its capabilities need. */
  scopes: readonly Scope[];
  /** For the model, beside those of other domains: what this is and how to go about it. */
  instructions: string;
  /** Returns the part of a call's arguments that may be logged. */
  redactArguments(args: unknown): Record<string, unknown>;
  /** The rights that its capabilities need on the tables of its database; none if another domain owns them. */
  rights: Rights;
  /** Hits and misses by cache; absent if the domain caches nothing. */
  cacheUse?(): Record<string, CacheUse>;
}

/**
 * Gives capabilities the services that they wait for.
 * @param services resolves as soon as they can serve; it may be called for each call
 */
export function bindServices<Services>(
  { tools, resources, prompts, completions }: Capabilities<Services>,
  services: () => Promise<Services>,
): Capabilities {
  const serve = async <Result>(
    { signal }: Context,
    work: (given: Services) => Promise<Result>,
  ): Promise<Result> => {
    const given = await services();
    // A call that waited longer than its caller must not begin to change anything now.
    signal.throwIfAborted();
    return work(given);
  };
  const bindTool = (tool: Tool<z.ZodObject, z.ZodObject, Services>): Tool => {
    const { handle, attachments, ...rest } = tool;
    return {
      ...rest,
      handle: (input, context) => serve(context, (given) => handle(input, context, given)),
      ...(attachments && {
        attachments: (input, context) => serve(context, (given) => attachments(input, context, given)),
      }),
    };
  };
  const bound = new Map(tools.map((tool) => [tool, bindTool(tool)]));
  return {
    tools: [...bound.values()],
    resources: resources.map((resource) => ({
      ...resource,
      tool: bound.get(resource.tool) ?? bindTool(resource.tool),
    })),
    prompts: prompts.map((prompt) => ({
      ...prompt,
      render: (values, context) => serve(context, (given) => prompt.render(values, context, given)),
    })),
    completions: Object.fromEntries(
      Object.entries(completions).map(([argument, { scope, values }]) => [
        argument,
        { scope, values: (context) => serve(context, (given) => values(context, given)) },
      ]),
    ),
  };
}
