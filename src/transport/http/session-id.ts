import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SHOWING_PAGES, showsPages } from '../../protocol/apps.js';
import type { Connection } from '../../protocol/method.js';

/** What an id begins with: that of a client which shows pages, and that of any other. */
const PAGES = 'pages-';
const PLAIN = 'plain-';

/**
 * What a greeting settled, as the session id tells that came with its answer and comes back with each request (specification
 * 2025-11-25, basic/transports: session management). Nothing is kept: the id says it all, to any process. It is no secret, and
 * one of another server says nothing.
 */
export function readSessionId({ 'mcp-session-id': id }: IncomingHttpHeaders): Connection {
  return typeof id === 'string' && id.startsWith(PAGES) ? { capabilities: SHOWING_PAGES } : {};
}

/** The header for the answer to a greeting. */
export function sessionIdFor(connection: Connection): Record<string, string> {
  return { 'mcp-session-id': (showsPages({ connection }) ? PAGES : PLAIN) + randomUUID() };
}
