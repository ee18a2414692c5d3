import type { Catalogue } from '../capability/catalogue.js';
import type { Tool } from '../capability/define.js';
import { ANSWER_PAGE, PAGE_TYPE } from './answer-page.js';
import type { Request } from './method.js';

/** MCP Apps 2026-01-26, extension identifier. */
const EXTENSION = 'io.modelcontextprotocol/ui';

/** Capabilities of a client that shows pages. */
export const SHOWING_PAGES = { extensions: { [EXTENSION]: { mimeTypes: [PAGE_TYPE] } } };

/** The key of what the page of answers gets besides a result. */
export const SHOWN_META = 'steward/shown';

/** Whether the client of a request shows pages: it says so itself, or in its greeting (MCP Apps, capability negotiation). */
export function showsPages({ meta, connection }: Pick<Request, 'meta' | 'connection'>): boolean {
  const { extensions } = meta?.capabilities ?? connection?.capabilities ?? {};
  const { [EXTENSION]: settings } = Object(extensions) as Record<string, unknown>;
  const { mimeTypes } = Object(settings) as Record<string, unknown>;
  return Array.isArray(mimeTypes) && mimeTypes.includes(PAGE_TYPE);
}

/** The extensions that are served, as server/discover names them. */
export function extensionsOf({ tools }: Catalogue): Record<string, object> {
  return tools.some(({ show }) => show) ? { [EXTENSION]: {} } : {};
}

/** A tool's description, with the page of its answers (MCP Apps, resource discovery). */
export function withPage({ show }: Tool, description: object): object {
  return show ? { ...description, _meta: { ui: { resourceUri: ANSWER_PAGE } } } : description;
}
