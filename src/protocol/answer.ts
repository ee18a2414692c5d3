import { ErrorCode, type JSONRPCMessage, type JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { StewardError } from '../errors.js';
import type { Tracing } from '../observability/tracing.js';
import { extensionsOf } from './apps.js';
import { completeArgument } from './completions.js';
import { discover } from './discover.js';
import { readRequestMeta } from './envelope.js';
import { eraOf, MODERN } from './eras.js';
import { ProtocolError, toRpcError } from './errors.js';
import { initialize } from './initialize.js';
import { introduce } from './introduction.js';
import { createListings } from './listings.js';
import type { Method, Reach, Request } from './method.js';
import { withProgress } from './progress.js';
import { getPrompt } from './prompts.js';
import { readResource } from './resources.js';
import { callTool } from './tools.js';

/** Answers a request, over any transport. It never rejects: an error is an answer, too. */
export type Answer = (message: JSONRPCRequest, request: Request) => Promise<JSONRPCMessage>;

export interface AnswerOptions extends Reach {
  version: string;
  tracing: Tracing;
}

/**
 * All of MCP's methods in one table, for all revisions: a request tells its era. The SDK's registry is not used: it answers
 * malformed requests in the words of its validation library, and validates each message again and again, which took longer
 * than the rest of an empty call.
 */
export function createAnswer(options: AnswerOptions): Answer {
  const { catalogue, guard, tracing, version } = options;
  const introduction = introduce(version, catalogue.instructions);
  const methods = new Map<string, Method>([
    ['initialize', initialize(introduction)],
    ['server/discover', discover(introduction, extensionsOf(catalogue))],
    ['ping', () => ({})],
    ...createListings(catalogue),
    ['tools/call', callTool(options)],
    ['resources/read', readResource(options)],
    ['prompts/get', getPrompt(options)],
    ['completion/complete', completeArgument(options)],
  ]);
  return async ({ id, method, params = {} }, request) => {
    const era = eraOf(method, params);
    try {
      const claimed = era === MODERN ? { ...request, meta: readRequestMeta(params) } : request;
      const handle = era.removed.has(method) ? undefined : methods.get(method);
      if (!handle) throw noSuchMethod();
      // A client that traces its calls puts the context here (OpenTelemetry semantic conventions for MCP).
      const result = await tracing.continuing(Object(params['_meta']), () =>
        withProgress(params, claimed, guard.deadlineMs, async () => handle(params, claimed)),
      );
      return { jsonrpc: '2.0', id, result: era.complete(method, result, introduction.serverInfo) };
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
      return { jsonrpc: '2.0', id, error: toRpcError(error, era, method) };
    }
  };
}

function noSuchMethod(): ProtocolError {
  return new ProtocolError(
    ErrorCode.MethodNotFound,
    'There is no method of this name here.',
    {},
    'NOT_FOUND',
  );
}
