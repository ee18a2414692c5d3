import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  ReadResourceResult,
  Result,
} from '@modelcontextprotocol/sdk/types.js';
import { complete } from '../capabilities/completions.js';
import type { Catalogue } from '../capabilities/index.js';
import { parseInput } from '../capabilities/parse-input.js';
import { findResource } from './resource-address.js';
import { renderText } from '../capabilities/render-text.js';
import { StewardError } from '../errors.js';
import type { Call, Caller } from '../guard/call.js';
import type { Guard } from '../guard/index.js';
import { RESOURCE_TYPE } from './listings.js';
import { errorData, RESOURCE_NOT_FOUND, toRpcError } from './rpc-error.js';

export type Method = (params: Record<string, unknown>, signal: AbortSignal) => Promise<Result> | Result;

const ERROR_META = 'steward/error';
const LARGEST_ANSWER_BYTES = 256 * 1024;
/** Characters of text. Said twice, and each as an escape of six bytes, they are still no more than the bound. */
const SURELY_SMALL = LARGEST_ANSWER_BYTES / 12;
const LONGEST_CAPABILITY = 100;

/** The methods that reach a capability. Each goes through the guard; there is no other way to one. */
export function createMethods(
  catalogue: Catalogue,
  guard: Guard,
  identify: () => Caller,
): Record<string, Method> {
  const call = (kind: Call['kind'], capability: unknown, args: unknown, signal: AbortSignal): Call => ({
    kind,
    capability:
      typeof capability === 'string' && capability.length <= LONGEST_CAPABILITY ? capability : '[none]',
    arguments: args,
    caller: identify(),
    signal,
  });

  return {
    async 'tools/call'({ name, arguments: args }, signal): Promise<CallToolResult> {
      try {
        const answer = await guard(call('tool', name, args, signal), async (context) => {
          const tool = named(catalogue.tools, 'tool', name);
          return tool.handle(parseInput(tool.input, args), context);
        });
        const text = renderText(answer);
        return bounded(text, { content: [{ type: 'text', text }], structuredContent: answer });
      } catch (error) {
        return toErrorResult(error as StewardError);
      }
    },

    async 'resources/read'({ uri }, signal): Promise<ReadResourceResult> {
      const address = typeof uri === 'string' ? uri : '';
      const path = address.replace(/\?.*/s, '');
      const answer = guard(call('resource', path, {}, signal), async (context) => {
        const { resource, input } = findResource(catalogue.resources, address);
        return resource.tool.handle(parseInput(resource.tool.input, input), context);
      });
      try {
        const text = JSON.stringify(await answer);
        return bounded(text, { contents: [{ uri: address, mimeType: RESOURCE_TYPE, text }] });
      } catch (error) {
        throw toRpcError(error as StewardError, RESOURCE_NOT_FOUND);
      }
    },

    async 'prompts/get'({ name, arguments: args }, signal): Promise<GetPromptResult> {
      return guard(call('prompt', name, args, signal), async (context): Promise<GetPromptResult> => {
        const prompt = named(catalogue.prompts, 'prompt', name);
        const text = await prompt.render(parseInput(prompt.arguments, args), context);
        return {
          description: prompt.description,
          messages: [{ role: 'user', content: { type: 'text', text } }],
        };
      }).catch((error: StewardError) => {
        throw toRpcError(error);
      });
    },

    async 'completion/complete'({ ref, argument }, signal): Promise<CompleteResult> {
      const { type, name, uri } = Object(ref) as Record<string, unknown>;
      const { name: wanted, value } = Object(argument) as Record<string, unknown>;
      return guard(call('completion', name ?? uri, {}, signal), async ({ directory }) => {
        if (type === 'ref/prompt') named(catalogue.prompts, 'prompt', name);
        else if (!catalogue.resources.some((resource) => resource.uriTemplate === uri)) {
          throw new StewardError(
            'NOT_FOUND',
            'There is no resource template with this URI. resources/templates/list names them.',
          );
        }
        if (typeof wanted !== 'string' || typeof value !== 'string') {
          throw new StewardError('VALIDATION', 'argument: must have a name and a value, both of them text.');
        }
        return { completion: { ...(await complete(directory, wanted, value)) } };
      }).catch((error: StewardError) => {
        throw toRpcError(error);
      });
    },
  };
}

function named<Item extends { name: string }>(items: Item[], kind: string, name: unknown): Item {
  const item = items.find((candidate) => candidate.name === name);
  if (item) return item;
  throw new StewardError(
    'NOT_FOUND',
    `There is no ${kind} of this name. There are: ${items.map((known) => known.name).join(', ')}.`,
  );
}

/** Tools bound their answers; this holds for rows of any length that another program may have written. */
function bounded<Answer>(text: string, answer: Answer): Answer {
  if (text.length <= SURELY_SMALL) return answer;
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
