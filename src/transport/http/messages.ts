import type { IncomingMessage } from 'node:http';
import {
  ErrorCode,
  JSONRPCMessageSchema,
  SUPPORTED_PROTOCOL_VERSIONS,
  type JSONRPCMessage,
} from '@modelcontextprotocol/sdk/types.js';
import accepts from 'accepts';
import { parseJson } from '../../protocol/parse-json.js';
import { describeNonMessage } from '../not-a-message.js';
import { HttpRefusal } from './refusal.js';

/** The one revision with batches; also the default of a request without a version header. */
const BATCHING_VERSION = '2025-03-26';
const LONGEST_BATCH = 20;

/**
 * @returns the protocol version of the request
 * @throws HttpRefusal 415, 406, or 400 for an unknown version (specification 2025-11-25, basic/transports)
 */
export function checkHeaders(request: IncomingMessage): string {
  const { 'content-type': contentType = '', 'mcp-protocol-version': version = BATCHING_VERSION } =
    request.headers;
  if (!/^application\/json\s*(;|$)/i.test(contentType))
    throw new HttpRefusal(415, 'The Content-Type must be application/json.');
  if (accepts(request).type('application/json') === false)
    throw new HttpRefusal(
      406,
      'The Accept header must allow application/json (and, for MCP, text/event-stream).',
    );
  if (typeof version !== 'string' || !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
    const known = SUPPORTED_PROTOCOL_VERSIONS.join(', ');
    throw new HttpRefusal(400, `This Mcp-Protocol-Version is not supported. Supported: ${known}.`);
  }
  return version;
}

/**
 * @returns a message, or the messages of a batch
 * @throws HttpRefusal 400
 */
export function readMessages(body: string, version: string): JSONRPCMessage | JSONRPCMessage[] {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch {
    throw new HttpRefusal(400, 'The body is not JSON.', { rpcCode: ErrorCode.ParseError });
  }
  if (!Array.isArray(json)) return readMessage(json);
  if (version !== BATCHING_VERSION)
    throw new HttpRefusal(400, `Batches are not part of protocol version ${version}.`);
  if (json.length === 0 || json.length > LONGEST_BATCH)
    throw new HttpRefusal(400, `A batch must hold 1 to ${LONGEST_BATCH} messages.`);
  return json.map(readMessage);
}

function readMessage(json: unknown): JSONRPCMessage {
  const message = JSONRPCMessageSchema.safeParse(json);
  if (message.success) return message.data;
  throw new HttpRefusal(400, describeNonMessage(json));
}
