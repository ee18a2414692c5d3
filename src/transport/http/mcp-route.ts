import type { IncomingMessage } from 'node:http';
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { StewardError } from '../../errors.js';
import type { Admission, Admit } from '../../guard/admission.js';
import { AuthenticationError, type Authentication } from '../../guard/authentication/index.js';
import type { Caller } from '../../guard/call.js';
import { AnswerStream } from './answer-stream.js';
import { readBody } from './body.js';
import { eraOf, LEGACY, MODERN } from '../../protocol/eras.js';
import { errorDataOf, toRpcError } from '../../protocol/errors.js';
import type { Connection } from '../../protocol/method.js';
import { isRequest, type FlawAnswer } from '../message.js';
import { acceptsEvents, checkHeaders, readMessages, type Received } from './messages.js';
import { readSessionId, sessionIdFor } from './session-id.js';
import { HttpRefusal, MODERN_STATUS, retryAfter, statusOf } from './refusal.js';
import { reply } from './reply.js';
import type { Route } from './server.js';

type Answer = JSONRPCMessage | FlawAnswer;

/** The client that asks. */
interface Exchange {
  /** Aborted when it is gone. */
  signal: AbortSignal;
  /** What its greeting settled. */
  connection: Connection;
  /** Sends it a message before the answer. */
  notify: AnswerStream['notify'] | undefined;
}

export interface McpRouteOptions {
  /** The client's address, as trusted proxies tell it. */
  addressOf(request: IncomingMessage): string;
  admit: Admit;
  challenge: Authentication['challenge'];
  /** Answers one request of the caller. */
  answer(request: JSONRPCRequest, by: { caller: Caller } & Exchange): Promise<JSONRPCMessage>;
  largestBodyBytes: number;
  /** After so many milliseconds no further request of a batch is begun. */
  longestBatchMs: number;
}

const AUTHENTICATION_RETRY_SECONDS = 5;

/**
 * MCP over Streamable HTTP (specifications 2025-11-25, basic/transports, and 2026-07-28, basic/transports/streamable-http),
 * with nothing kept between requests: each is answered by itself, as plain JSON or, where there is something to tell before
 * the answer, as a stream of events, so any process can answer any request.
 */
export function mcpRoute(options: McpRouteOptions): Route {
  return {
    method: 'POST',
    async handle(request, response, headers, admitted) {
      checkHeaders(request);
      const hungUp = new AbortController();
      response.once('close', () => response.writableFinished || hungUp.abort());
      const admission = await admit(request, options);
      admitted();
      try {
        const body = await readBody(request, response, options.largestBodyBytes);
        const { received, batch } = readMessages(body, request.headers);
        const stream = new AnswerStream(response, headers);
        const notify = !batch && acceptsEvents(request) ? stream.notify : undefined;
        const connection = readSessionId(request.headers);
        const { capabilities } = connection;
        const exchange = { signal: hungUp.signal, notify, connection };
        const answers = await answerAll(received, admission, options, exchange);
        const [first] = answers;
        if (first === undefined) reply(response, 202, undefined, headers);
        else if (stream.begun) stream.end(first);
        else if (batch) reply(response, 200, answers, headers);
        else {
          const [status, more] = refusalIn(first, admission.caller, options);
          // Only a greeting settles them.
          const greeted = connection.capabilities !== capabilities;
          const id = greeted ? sessionIdFor(connection) : {};
          reply(response, modernStatus(received[0], first) ?? status, first, { ...headers, ...more, ...id });
        }
      } finally {
        admission.release();
      }
    },
  };
}

/** @throws HttpRefusal 400, 401 or 503; StewardError for a limit */
function admit(request: IncomingMessage, options: McpRouteOptions): Promise<Admission> {
  const admission = options.admit(request.headers.authorization, options.addressOf(request));
  return admission.catch((error: unknown) => {
    throw error instanceof AuthenticationError ? unauthenticated(error, options) : error;
  });
}

/** A batch is answered one by one, as if its requests had come one after the other. */
async function answerAll(
  received: Received[],
  admission: Admission,
  { answer, longestBatchMs }: McpRouteOptions,
  exchange: Exchange,
): Promise<Answer[]> {
  // The first was counted at the door.
  if (received.length > 1) await admission.count(received.length - 1);
  const answers: Answer[] = [];
  const began = performance.now();
  for (const item of received) {
    if (exchange.signal.aborted) break;
    if ('answer' in item) answers.push(item.answer);
    if (!('message' in item) || !isRequest(item.message)) continue;
    const { message } = item;
    if (performance.now() - began > longestBatchMs) {
      answers.push(notBegun(message.id));
      continue;
    }
    answers.push(await answer(message, { caller: admission.caller, ...exchange }));
  }
  return answers;
}

function notBegun(id: RequestId): JSONRPCMessage {
  const error = new StewardError(
    'TIMEOUT',
    'What stands before this in the batch took too long. This was not begun; send it again.',
  );
  return { jsonrpc: '2.0', id, error: toRpcError(error, LEGACY) };
}

/** The status that the modern era has for the error in an answer, if any. */
function modernStatus(asked: Received | undefined, answer: Answer): number | undefined {
  if (!('error' in answer) || !asked || !('message' in asked) || !isRequest(asked.message)) return undefined;
  const { method, params } = asked.message;
  return eraOf(method, params) === MODERN ? MODERN_STATUS[answer.error.code] : undefined;
}

/**
 * A refusal of the guard is also a status for the client's HTTP library (RFC 6750, section 3.1: insufficient_scope). What no
 * token would change is an answer for the model, which sees none that comes with such a status.
 */
function refusalIn(
  answer: Answer,
  caller: Caller,
  { challenge }: McpRouteOptions,
): [status: number, headers: Record<string, string>] {
  const { code, scope, retry_after_seconds: seconds } = errorDataOf(answer);
  return [
    code === 'FORBIDDEN' && scope === undefined ? 200 : statusOf(code),
    {
      ...retryAfter(seconds),
      ...(scope !== undefined && { 'www-authenticate': challenge({ caller, missing: scope }) }),
    },
  ];
}

/** Statuses of RFC 6750, section 3.1; where tokens cannot be checked, it is not the client's fault. */
const AUTHENTICATION_STATUS = { missing: 401, invalid: 401, malformed: 400, unavailable: 503 };

function unauthenticated(error: AuthenticationError, { challenge }: McpRouteOptions): HttpRefusal {
  return new HttpRefusal(AUTHENTICATION_STATUS[error.kind], error.message, {
    code: error.code,
    rpcCode: 'own',
    headers:
      error.kind === 'unavailable'
        ? retryAfter(AUTHENTICATION_RETRY_SECONDS)
        : { 'www-authenticate': challenge(error) },
    cause: error.cause,
  });
}
