import type { Implementation, Result } from '@modelcontextprotocol/sdk/types.js';
import { claimedVersion, LEGACY_VERSIONS } from './envelope.js';

/**
 * What differs between the eras of MCP in methods, errors and results (specification 2026-07-28, basic/versioning:
 * terminology). docs/protocol.md has all that differs, and why.
 */
export interface Era {
  /** The methods that were removed. */
  removed: ReadonlySet<string>;
  /** JSON-RPC codes by method, for what is not found, where it is not "invalid params". */
  notFound: Readonly<Partial<Record<string, number>>>;
  /** The JSON-RPC code of errors for which MCP has none. */
  ownError: number;
  /** Whether an error whose request is unknown has the id null. */
  nullIds: boolean;
  /** Makes a result what the era sends. */
  complete(method: string, result: Result, serverInfo: Implementation): Result;
}

/** Revisions up to 2025-11-25: a greeting settles version and capabilities. */
export const LEGACY: Era = {
  removed: new Set(),
  // Specification 2025-11-25, server/resources: error handling.
  notFound: { 'resources/read': -32002 },
  // JSON-RPC 2.0 leaves -32000 to -32099 to the server.
  ownError: -32000,
  nullIds: true,
  complete: (_method, result) => result,
};

/** From 2026-07-28 on: each request says its version and capabilities itself. */
export const MODERN: Era = {
  removed: new Set(['initialize', 'ping']),
  notFound: {},
  // Specification 2026-07-28, basic: error codes. New ones are outside of what JSON-RPC reserves, -32768 to -32000.
  ownError: 1,
  nullIds: false,
  complete: (method, result, serverInfo) => ({
    resultType: 'complete',
    ...(result['resultType'] === undefined && FRESHNESS[method]),
    ...result,
    _meta: { ...result._meta, 'io.modelcontextprotocol/serverInfo': serverInfo },
  }),
};

/** A list is made at the start, and shows a caller what its scopes allow: they change with a new token. */
const LIST = { ttlMs: 60_000, cacheScope: 'private' } as const;

/** How long the answers of a method stay true, and for whom (specification 2026-07-28, server/utilities/caching). */
const FRESHNESS: Partial<Record<string, { ttlMs: number; cacheScope: 'public' | 'private' }>> = {
  'server/discover': { ttlMs: 3_600_000, cacheScope: 'public' },
  'tools/list': LIST,
  'prompts/list': LIST,
  'resources/list': LIST,
  'resources/templates/list': LIST,
  // Anybody may change a row at any time, and who may read which differs.
  'resources/read': { ttlMs: 0, cacheScope: 'private' },
};

/** The era that a request belongs to by what it holds. The older ones have no discovery. */
export function eraOf(method: string, params: Record<string, unknown> = {}): Era {
  return claimedVersion(params) !== undefined || method === 'server/discover' ? MODERN : LEGACY;
}

/** The era of a protocol version, be it served or not. Versions are dates. */
export function eraOfVersion(version: unknown): Era {
  return typeof version === 'string' && version > String(LEGACY_VERSIONS[0]) ? MODERN : LEGACY;
}
