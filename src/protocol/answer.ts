import { ErrorCode, type JSONRPCMessage, type JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { StewardError } from '../errors.js';
import type { Tracing } from '../observability/tracing.js';
import { completeArgument } from './completions.js';
import { toRpcError } from './errors.js';
import { claimsVersion, readClaims } from './envelope.js';
import { initialize } from './initialize.js';
import { createListings } from './listings.js';
import type { Method, Reach, Request } from './method.js';
import { getPrompt } from './prompts.js';
import { readResource } from './resources.js';
import { callTool } from './tools.js';

/** Answers a request, over any transport. It never rejects: an error is an answer, too. */
export type Answer = (message: JSONRPCRequest, request: Request) => Promise<JSONRPCMessage>;

export interface AnswerOptions extends Reach {
  version: string;
  tracing: Tracing;
}

/** Specification 2025-11-25, server/resources: resource not found. */
const RESOURCE_NOT_FOUND = -32002;

/**
 * All of MCP's methods in one table. The SDK's registry is not used: it answers malformed requests in the words of its
 * validation library, and validates each message again and again, which took longer than the rest of an empty call.
 */
export function createAnswer(options: AnswerOptions): Answer {
  const { catalogue, guard, tracing, version } = options;
  const methods = new Map<string, Method>([
    ['initialize', initialize(version, catalogue.instructions)],
    ['ping', () => ({})],
    ...createListings(catalogue),
    ['tools/call', callTool(options)],
    ['resources/read', readResource(options)],
    ['prompts/get', getPrompt(options)],
    ['completion/complete', completeArgument(options)],
  ]);
  return async ({ id, method, params = {} }, request) => {
    const handle = methods.get(method);
    if (!handle) {
      const error = new StewardError('NOT_FOUND', 'There is no method of this name here.');
      return { jsonrpc: '2.0', id, error: toRpcError(error, ErrorCode.MethodNotFound) };
    }
    try {
      // A client that traces its calls puts the context here (OpenTelemetry semantic conventions for MCP).
      const asked = claimsVersion(params) ? { ...request, era: readClaims(params) } : request;
      const result = await tracing.continuing(Object(params['_meta']), async () => handle(params, asked));
      return { jsonrpc: '2.0', id, result };
    } catch (thrown) {
      const call = {
        ...request,
        kind: 'protocol',
        capability: method,
        listedAs: method,
        scope: undefined,
        arguments: {},
      } as const;
      const error = thrown instanceof StewardError ? thrown : guard.fail(call, thrown);
      const notFound = method === 'resources/read' ? RESOURCE_NOT_FOUND : undefined;
      return { jsonrpc: '2.0', id, error: toRpcError(error, notFound) };
    }
  };
}
