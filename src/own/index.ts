import { z } from 'zod';
import { scopesNamed, type Context, type RequiredScope, type Tool } from '../capability/define.js';
import type { Domain } from '../capability/domain.js';
import { internalError, StewardError } from '../errors.js';
import { checkTool } from './check-tool.js';
import type { CallContext, OwnTool } from './define-tool.js';
import { READS, WRITES } from './scopes.js';

interface OwnOptions {
  tools: readonly OwnTool[];
  /** For the model, beside those of other domains. */
  instructions: string;
  /** Only what reads is served. */
  readOnly: boolean;
}

/** Creates the domain of the tools that a program brings. @throws OperatorError for a tool that cannot be served */
export function createOwn({ tools, instructions, readOnly }: OwnOptions): Domain {
  tools.forEach(checkTool);
  const served = tools.filter(({ effect }) => !readOnly || effect.readOnlyHint).map(completeTool);
  return {
    name: 'own',
    settings: {},
    scopes: [...new Set(served.flatMap(({ scope }) => scopesNamed(scope)))],
    tools: served,
    resources: [],
    prompts: [],
    completions: {},
    instructions,
    // Steward does not know what is a secret among them.
    redactArguments: () => ({}),
  };
}

function completeTool(tool: OwnTool): Tool {
  const { name, title = toWords(name), description, effect, output } = tool;
  return {
    name,
    title,
    description,
    scope: tool.scope ?? defaultScope(tool),
    effect,
    input: strict(tool.input ?? z.strictObject({})),
    output,
    handle: (input, context) =>
      guarded(context, async () => fitted(name, output, await tool.handle(input, visible(context)))),
    ...(tool.attachments && {
      attachments: (input, context) =>
        guarded(context, async () => (await tool.attachments?.(input, visible(context))) ?? []),
    }),
  };
}

/** `restock_product` as "Restock product". */
function toWords(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function defaultScope({ effect }: OwnTool): RequiredScope {
  return effect.readOnlyHint ? READS : WRITES;
}

/** A model that misspells an argument has to hear of it. */
function strict(input: z.ZodObject): z.ZodObject {
  return input.def.catchall === undefined ? input.strict() : input;
}

const visible = ({ author, claims, scopes, signal }: Context): CallContext => ({
  author,
  claims,
  scopes,
  signal,
});

/**
 * An error of a database says of Steward's own transactions that nothing was changed. Of those of a program it is not known,
 * so whatever is no StewardError is a fault.
 */
async function guarded<Result>({ author }: Context, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    throw thrown instanceof StewardError ? thrown : internalError(thrown, author.requestId);
  }
}

/** The answer as its schema has it: what the schema does not name, such as a column that was read along, stays here. */
function fitted(tool: string, output: z.ZodObject, answer: unknown): Record<string, unknown> {
  const { success, data, error } = output.safeParse(answer);
  if (success) return data;
  const problems = error.issues.map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`);
  throw new TypeError(`The answer of ${tool} is not what its output says. ${problems.join('; ')}`);
}
