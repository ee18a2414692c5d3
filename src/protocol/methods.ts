import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  ReadResourceResult,
  Result,
} from '@modelcontextprotocol/sdk/types.js';
import { complete } from '../directory/completions.js';
import type { Resource } from '../capability/define.js';
import type { Catalogue } from '../directory/catalogue.js';
import { parseInput } from '../capability/parse-input.js';
import { renderText } from '../capability/answer/text.js';
import type { Scope } from '../scopes.js';
import { StewardError } from '../errors.js';
import { authorise, permits } from '../guard/authorise.js';
import type { Call, Caller } from '../guard/call.js';
import type { Answered, Guard } from '../guard/index.js';
import { toContent, toResourceContents } from './content.js';
import { RESOURCE_TYPE } from './listings.js';
import { findResource, pathOf, resourceAt } from './resource-address.js';
import { ERROR_META, errorData, RESOURCE_NOT_FOUND, toRpcError } from './errors.js';

/** Who asks, and whether they still wait. */
export interface Request {
  caller: Caller;
  signal: AbortSignal;
}

export type Method = (params: Record<string, unknown>, request: Request) => Promise<Result>;

const LARGEST_ANSWER_BYTES = 256 * 1024;
const LONGEST_CAPABILITY = 100;

/** The methods that reach a capability. Each goes through the guard; there is no other way to one. */
export function createMethods(
  { tools, resources, prompts }: Catalogue,
  guard: Guard,
): Record<string, Method> {
  return {
    async 'tools/call'({ name, arguments: args }, request): Promise<CallToolResult> {
      const tool = named(tools, name);
      const call: Call = { ...request, kind: 'tool', ...describeCall(name, tool), arguments: args };
      return guard
        .run(call, async (context) => {
          if (!tool) throw noSuch('tool', tools, request.caller);
          const input = parseInput(tool.input, args);
          const answer = await tool.handle(input, context);
          const attachments = (await tool.attachments?.(input, context)) ?? [];
          const result: CallToolResult = {
            content: [renderText(answer), ...attachments].map(toContent),
            structuredContent: answer,
          };
          return bounded(result, countRows(answer));
        })
        .catch(toErrorResult);
    },

    async 'resources/read'({ uri }, request): Promise<ReadResourceResult> {
      const address = typeof uri === 'string' ? uri : '';
      const found = scoped(resourceAt(resources, address));
      const call: Call = {
        ...request,
        kind: 'resource',
        ...describeCall(pathOf(address), found),
        arguments: {},
      };
      return guard
        .run(call, async (context) => {
          const { resource, input: given } = findResource(permitted(resources, request.caller), address);
          const { tool, mimeType } = resource;
          const input = parseInput(tool.input, given);
          const answer = await tool.handle(input, context);
          const contents =
            mimeType === undefined
              ? [{ uri: address, mimeType: RESOURCE_TYPE, text: JSON.stringify(answer) }]
              : ((await tool.attachments?.(input, context)) ?? [])
                  .filter((item) => item.mimeType === mimeType)
                  .map((item) => toResourceContents(address, item));
          return bounded({ contents }, countRows(answer));
        })
        .catch((error: StewardError) => {
          throw toRpcError(error, RESOURCE_NOT_FOUND);
        });
    },

    async 'prompts/get'({ name, arguments: args }, request): Promise<GetPromptResult> {
      const prompt = named(prompts, name);
      const call: Call = { ...request, kind: 'prompt', ...describeCall(name, prompt), arguments: args };
      return guard
        .run(call, async (context) => {
          if (!prompt) throw noSuch('prompt', prompts, request.caller);
          const message = await prompt.render(parseInput(prompt.arguments, args), context);
          const messages: GetPromptResult['messages'] = [message]
            .flat()
            .map((item) => ({ role: 'user', content: toContent(item) }));
          return bounded({ description: prompt.description, messages });
        })
        .catch(throwRpcError);
    },

    async 'completion/complete'({ ref, argument }, request): Promise<CompleteResult> {
      const { type, name, uri } = Object(ref) as Record<string, unknown>;
      const { name: wanted, value } = Object(argument) as Record<string, unknown>;
      const target =
        type === 'ref/prompt'
          ? named(prompts, name)
          : scoped(resources.find((resource) => resource.uriTemplate === uri));
      const call: Call = {
        ...request,
        kind: 'completion',
        ...describeCall(name ?? uri, target),
        arguments: {},
      };
      return guard
        .run(call, async ({ directory }) => {
          if (!target && type === 'ref/prompt') throw noSuch('prompt', prompts, request.caller);
          if (!target) {
            throw new StewardError(
              'NOT_FOUND',
              'There is no resource template with this URI. resources/templates/list names them.',
            );
          }
          if (typeof wanted !== 'string' || typeof value !== 'string') {
            throw new StewardError(
              'VALIDATION',
              'argument: must have a name and a value, both of them text.',
            );
          }
          // What is offered comes out of the directory, whatever it is offered for.
          authorise(request.caller, 'directory:read');
          return bounded({ completion: { ...(await complete(directory, wanted, value)) } });
        })
        .catch(throwRpcError);
    },
  };
}

/** What the guard and its log are told of the capability that was asked for. */
function describeCall(
  name: unknown,
  found: { name: string; scope: Scope } | undefined,
): Pick<Call, 'capability' | 'listedAs' | 'scope'> {
  const known = typeof name === 'string' && name.length <= LONGEST_CAPABILITY;
  return { capability: known ? name : '[none]', listedAs: found?.name, scope: found?.scope };
}

function scoped(resource: Resource | undefined): { name: string; scope: Scope } | undefined {
  return resource && { name: resource.name, scope: resource.tool.scope };
}

function named<Item extends { name: string }>(items: Item[], name: unknown): Item | undefined {
  return items.find((item) => item.name === name);
}

function permitted(resources: Resource[], caller: Caller): Resource[] {
  return resources.filter(({ tool }) => permits(caller, tool.scope));
}

/** Names what there is instead, and no more of it than a list would. */
function noSuch(kind: string, items: { name: string; scope: Scope }[], caller: Caller): StewardError {
  const known = items.filter(({ scope }) => permits(caller, scope)).map(({ name }) => name);
  return new StewardError('NOT_FOUND', `There is no ${kind} of this name. There are: ${known.join(', ')}.`);
}

/**
 * An answer as it will be sent. Tools bound their rows; this bound holds for rows of any length that another program may
 * have written. An answer that cannot be written as JSON fails here, inside the guard, and not in the transport.
 */
function bounded<Answer>(result: Answer, rows = 1): Answered<Answer> {
  if (Buffer.byteLength(JSON.stringify(result)) <= LARGEST_ANSWER_BYTES) return { result, rows };
  throw new StewardError(
    'VALIDATION',
    'The answer would be larger than 256 KiB. Ask for fewer rows with limit.',
  );
}

/** The rows of an answer's table, or 1 for an answer without one. */
function countRows(answer: Record<string, unknown>): number {
  for (const value of Object.values(answer) as ({ rows?: unknown } | null)[]) {
    if (Array.isArray(value?.rows)) return value.rows.length;
  }
  return 1;
}

function throwRpcError(error: StewardError): never {
  throw toRpcError(error);
}

/** Tools report their errors within the result, where the model sees them (specification 2025-11-25, server/tools). */
function toErrorResult(error: StewardError): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${error.code}: ${error.message}` }],
    _meta: { [ERROR_META]: errorData(error) },
  };
}
