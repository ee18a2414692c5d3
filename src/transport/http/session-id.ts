import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SHOWING_PAGES, showsPages } from '../../protocol/apps.js';
import type { Connection } from '../../protocol/method.js';
import type { Received } from './messages.js';

/** Of the ids of clients that show pages. */
const PREFIX = 'pages-';

/**
 * What a greeting settled, as the session id tells that came with its answer and comes back with each request (specification
 * 2025-11-25, basic/transports: session management). Nothing is kept: the id says it all, to any process. It is no secret, and
 * one of another server says nothing.
 */
export function readSessionId({ 'mcp-session-id': id }: IncomingHttpHeaders): Connection {
  return typeof id === 'string' && id.startsWith(PREFIX) ? { capabilities: SHOWING_PAGES } : {};
}

/** The header with the id, for a greeting that has anything to tell the requests after it. */
export function sessionIdFor(
  asked: Received | undefined,
  answer: object,
  connection: Connection,
): Record<string, string> {
  const message = asked && 'message' in asked ? asked.message : {};
  const greeted = 'method' in message && message.method === 'initialize' && 'result' in answer;
  return greeted && showsPages({ connection }) ? { 'mcp-session-id': `${PREFIX}${randomUUID()}` } : {};
}
