import { ErrorCode, type Result } from '@modelcontextprotocol/sdk/types.js';
import { StewardError } from '../errors.js';
import type { Tracing } from '../observability/tracing.js';
import { completeArgument } from './completions.js';
import { RpcError, toRpcError } from './errors.js';
import { initialize } from './initialize.js';
import { createListings } from './listings.js';
import type { Method, Reach, Request } from './method.js';
import { getPrompt } from './prompts.js';
import { readResource } from './resources.js';
import { callTool } from './tools.js';

/** Does what a request says, over any transport. @throws RpcError, and nothing else */
export type Dispatch = (method: string, params: Record<string, unknown>, request: Request) => Promise<Result>;

export interface DispatchOptions extends Reach {
  version: string;
  tracing: Tracing;
}

/**
 * All of MCP's methods in one table. The SDK's registry is not used: it answers malformed requests in the words of its
 * validation library.
 */
function createMethods(options: DispatchOptions): Record<string, Method> {
  const { catalogue, version } = options;
  return {
    initialize: initialize({
      serverInfo: { name: 'steward', title: 'Steward', version },
      capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
      instructions: catalogue.instructions,
    }),
    ping: () => ({}),
    ...createListings(catalogue),
    'tools/call': callTool(options),
    'resources/read': readResource(options),
    'prompts/get': getPrompt(options),
    'completion/complete': completeArgument(options),
  };
}

export function createDispatch(options: DispatchOptions): Dispatch {
  const { guard, tracing } = options;
  const methods = new Map(Object.entries(createMethods(options)));
  return async (method, params, request) => {
    const handle = methods.get(method);
    if (!handle) throw noSuchMethod();
    try {
      // A client that traces its calls puts the context here (OpenTelemetry semantic conventions for MCP).
      return await tracing.continuing(Object(params['_meta']), async () => handle(params, request));
    } catch (error) {
      if (error instanceof RpcError) throw error;
      const call = {
        ...request,
        kind: 'protocol',
        capability: method,
        listedAs: method,
        scope: undefined,
        arguments: {},
      } as const;
      throw toRpcError(guard.fail(call, error));
    }
  };
}

function noSuchMethod(): RpcError {
  const error = new StewardError('NOT_FOUND', 'There is no method of this name here.');
  return toRpcError(error, ErrorCode.MethodNotFound);
}
