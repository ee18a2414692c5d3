import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ErrorCode, type JSONRPCMessage, type JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import accepts from 'accepts';
import { SERVED_VERSIONS, unsupportedVersion } from '../../protocol/envelope.js';
import { eraOfVersion, LEGACY } from '../../protocol/eras.js';
import { ProtocolError } from '../../protocol/errors.js';
import { parseJson } from '../../protocol/parse-json.js';
import { BATCHING_VERSION, refuseBatch } from '../batch.js';
import { answerFlaw, isRequest, looksLikeAnswer, readMessage, type FlawAnswer } from '../message.js';
import { HttpRefusal, refuseRequest } from './refusal.js';
import { checkStandardHeaders, isModern, isToCome } from './standard-headers.js';

/** A message, or the answer to what is none. */
export type Received = { message: JSONRPCMessage } | { answer: FlawAnswer };

/** @throws HttpRefusal 415 or 406: what the headers say of the body, and of an answer */
export function checkHeaders({ headers }: IncomingMessage): void {
  const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = headers;
  if (!/^application\/json\s*(;|$)/i.test(contentType))
    throw new HttpRefusal(415, 'The Content-Type must be application/json.');
  if (!/^identity$/i.test(encoding)) {
    // RFC 9110, section 12.5.3: so a client learns that it is the encoding.
    const identity = { headers: { 'accept-encoding': 'identity' } };
    throw new HttpRefusal(
      415,
      'The body must not be compressed: send it without Content-Encoding.',
      identity,
    );
  }
  if (!acceptsJson(headers.accept))
    throw new HttpRefusal(
      406,
      'The Accept header must allow application/json (and, for MCP, text/event-stream).',
    );
}

/** The client reads a stream of events: it names that type. One that takes anything may be a program that knows JSON only. */
export function acceptsEvents({ headers }: IncomingMessage): boolean {
  return [accepted(headers.accept).types()].flat().includes('text/event-stream');
}

function acceptsJson(accept: string | undefined): boolean {
  return accepted(accept).type('application/json') !== false;
}

/** The parameters of a media range are all true of what is sent here, but for its weight. */
function accepted(accept: string | undefined) {
  const bare = accept?.replace(/;(?!\s*q=)[^;,]*/gi, '');
  return accepts({ headers: { accept: bare } } as IncomingMessage);
}

/**
 * What a body holds, and whether it is a batch. The version of the header is looked at with all but the greeting, which
 * settles it (specification 2025-11-25, basic/transports).
 * @throws HttpRefusal 400
 */
export function readMessages(
  body: string,
  headers: IncomingHttpHeaders,
): { received: Received[]; batch: boolean } {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch {
    throw new HttpRefusal(400, 'The body is not JSON.', { rpcCode: ErrorCode.ParseError });
  }
  const { 'mcp-protocol-version': version = BATCHING_VERSION } = headers;
  if (!Array.isArray(json)) return { received: [receiveSingle(json, version, headers)], batch: false };
  assertKnown(version);
  const why = refuseBatch(json, String(version));
  if (why !== undefined) throw new HttpRefusal(400, why);
  return { received: json.filter((item) => !looksLikeAnswer(item)).map(receive), batch: true };
}

function assertKnown(version: string | string[]): void {
  if (typeof version === 'string' && SERVED_VERSIONS.includes(version)) return;
  const known = SERVED_VERSIONS.join(', ');
  throw new HttpRefusal(400, `This Mcp-Protocol-Version is not supported. Supported: ${known}.`);
}

/**
 * A request with wrong parameters is answered as any other, in the legacy era, and of a revision to come with those that are
 * served; what is no message is no request of HTTP's either.
 */
function receiveSingle(json: unknown, version: string | string[], headers: IncomingHttpHeaders): Received {
  const read = readMessage(json);
  if ('message' in read && isRequest(read.message) && isModern(read.message, headers)) {
    assertModern(read.message, headers);
    return read;
  }
  if (Object(json).method !== 'initialize') {
    const id = 'flaw' in read && !looksLikeAnswer(json) ? read.flaw.id : null;
    if (id !== null && isToCome(version)) throw refuseRequest(id, unsupportedVersion(version));
    assertKnown(version);
  }
  if ('message' in read) return read;
  const { rpcCode, why, id } = read.flaw;
  if (rpcCode === ErrorCode.InvalidParams && id !== null && eraOfVersion(version) === LEGACY)
    return { answer: answerFlaw(read.flaw) };
  throw new HttpRefusal(400, why, { rpcCode, id });
}

/** @throws HttpRefusal 400 for a request of the modern era that is not as it must be */
function assertModern(request: JSONRPCRequest, headers: IncomingHttpHeaders): void {
  try {
    checkStandardHeaders(request, headers);
  } catch (error) {
    throw error instanceof ProtocolError ? refuseRequest(request.id, error) : error;
  }
}

function receive(json: unknown): Received {
  const read = readMessage(json);
  return 'message' in read ? read : { answer: answerFlaw(read.flaw) };
}
