import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  ReadResourceResult,
  Result,
} from '@modelcontextprotocol/sdk/types.js';
import { complete } from '../capabilities/completions.js';
import type { Attachment, Resource } from '../capabilities/define.js';
import type { Catalogue } from '../capabilities/index.js';
import { parseInput } from '../capabilities/parse-input.js';
import { renderText } from '../capabilities/render-text.js';
import type { Scope } from '../scopes.js';
import { StewardError } from '../errors.js';
import { authorise, permits } from '../guard/authorise.js';
import type { Call, Caller } from '../guard/call.js';
import type { Guard } from '../guard/index.js';
import { toContent, toResourceContents } from './content.js';
import { RESOURCE_TYPE } from './listings.js';
import { findResource, pathOf, resourceAt } from './resource-address.js';
import { ERROR_META, errorData, RESOURCE_NOT_FOUND, toRpcError } from './rpc-error.js';

/** Who asks, and whether they still wait. */
export interface Request {
  caller: Caller;
  signal: AbortSignal;
}

export type Method = (params: Record<string, unknown>, request: Request) => Promise<Result>;

const LARGEST_ANSWER_BYTES = 256 * 1024;
/** Characters of text. Said twice, and each as an escape of six bytes, they are still no more than the bound. */
const SURELY_SMALL = LARGEST_ANSWER_BYTES / 12;
const LONGEST_CAPABILITY = 100;

/** The methods that reach a capability. Each goes through the guard; there is no other way to one. */
export function createMethods(
  { tools, resources, prompts }: Catalogue,
  guard: Guard,
): Record<string, Method> {
  return {
    async 'tools/call'({ name, arguments: args }, request): Promise<CallToolResult> {
      const tool = named(tools, name);
      const call: Call = { ...request, kind: 'tool', ...asked(name, tool), arguments: args };
      let attachments: Attachment[] = [];
      try {
        const answer = await guard(call, async (context) => {
          if (!tool) throw noSuch('tool', tools, request.caller);
          const input = parseInput(tool.input, args);
          const handled = await tool.handle(input, context);
          if (tool.attachments) attachments = await tool.attachments(input, context);
          return handled;
        });
        const text = renderText(answer);
        const result = { content: [text, ...attachments].map(toContent), structuredContent: answer };
        return attachments.length > 0 ? boundedInFull(result) : bounded(text, result);
      } catch (error) {
        return toErrorResult(error as StewardError);
      }
    },

    async 'resources/read'({ uri }, request): Promise<ReadResourceResult> {
      const address = typeof uri === 'string' ? uri : '';
      const found = scoped(resourceAt(resources, address));
      const call: Call = { ...request, kind: 'resource', ...asked(pathOf(address), found), arguments: {} };
      let attachments: Attachment[] | undefined;
      const answer = guard(call, async (context) => {
        const { resource, input: given } = findResource(permitted(resources, request.caller), address);
        const { tool, mimeType } = resource;
        const input = parseInput(tool.input, given);
        if (mimeType !== undefined)
          attachments = ((await tool.attachments?.(input, context)) ?? []).filter(
            (item) => item.mimeType === mimeType,
          );
        return tool.handle(input, context);
      });
      try {
        const text = JSON.stringify(await answer);
        if (attachments)
          return boundedInFull({ contents: attachments.map((item) => toResourceContents(address, item)) });
        return bounded(text, { contents: [{ uri: address, mimeType: RESOURCE_TYPE, text }] });
      } catch (error) {
        throw toRpcError(error as StewardError, RESOURCE_NOT_FOUND);
      }
    },

    async 'prompts/get'({ name, arguments: args }, request): Promise<GetPromptResult> {
      const prompt = named(prompts, name);
      const call: Call = { ...request, kind: 'prompt', ...asked(name, prompt), arguments: args };
      return guard(call, async (context): Promise<GetPromptResult> => {
        if (!prompt) throw noSuch('prompt', prompts, request.caller);
        const said = await prompt.render(parseInput(prompt.arguments, args), context);
        return {
          description: prompt.description,
          messages: [said].flat().map((item) => ({ role: 'user', content: toContent(item) })),
        };
      }).catch((error: StewardError) => {
        throw toRpcError(error);
      });
    },

    async 'completion/complete'({ ref, argument }, request): Promise<CompleteResult> {
      const { type, name, uri } = Object(ref) as Record<string, unknown>;
      const { name: wanted, value } = Object(argument) as Record<string, unknown>;
      const target =
        type === 'ref/prompt'
          ? named(prompts, name)
          : scoped(resources.find((resource) => resource.uriTemplate === uri));
      const call: Call = { ...request, kind: 'completion', ...asked(name ?? uri, target), arguments: {} };
      return guard(call, async ({ directory }) => {
        if (!target && type === 'ref/prompt') throw noSuch('prompt', prompts, request.caller);
        if (!target) {
          throw new StewardError(
            'NOT_FOUND',
            'There is no resource template with this URI. resources/templates/list names them.',
          );
        }
        if (typeof wanted !== 'string' || typeof value !== 'string') {
          throw new StewardError('VALIDATION', 'argument: must have a name and a value, both of them text.');
        }
        // What is offered comes out of the directory, whatever it is offered for.
        authorise(request.caller, 'directory:read');
        return { completion: { ...(await complete(directory, wanted, value)) } };
      }).catch((error: StewardError) => {
        throw toRpcError(error);
      });
    },
  };
}

/** What the guard and its log are told of the capability that was asked for. */
function asked(
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

/** Tools bound their answers; this holds for rows of any length that another program may have written. */
function bounded<Answer>(text: string, answer: Answer): Answer {
  return text.length <= SURELY_SMALL ? answer : boundedInFull(answer);
}

function boundedInFull<Answer>(answer: Answer): Answer {
  if (Buffer.byteLength(JSON.stringify(answer)) <= LARGEST_ANSWER_BYTES) return answer;
  throw new StewardError(
    'VALIDATION',
    'The answer would be larger than 256 KiB. Ask for fewer rows with limit.',
  );
}

/** Tools report their errors within the result, where the model sees them (specification 2025-11-25, server/tools). */
function toErrorResult(error: StewardError): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${error.code}: ${error.message}` }],
    _meta: { [ERROR_META]: errorData(error) },
  };
}
