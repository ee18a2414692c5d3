/** Requests of the revision without a greeting (specification 2026-07-28, basic and basic/transports/streamable-http). */

export const MODERN = '2026-07-28';

const META = 'io.modelcontextprotocol/';

/** The `_meta` in which a request says all of itself. */
export function claims(capabilities: object = {}, version: unknown = MODERN): Record<string, unknown> {
  return {
    [`${META}protocolVersion`]: version,
    [`${META}clientCapabilities`]: capabilities,
    [`${META}clientInfo`]: { name: 'tests', version: '1' },
  };
}

/** The headers that say the same as a request's body. */
export function standardHeaders(
  method: string,
  { name, uri }: { name?: unknown; uri?: unknown } = {},
): Record<string, string | undefined> {
  const named = name ?? uri;
  return {
    'mcp-protocol-version': MODERN,
    'mcp-method': method,
    ...(typeof named === 'string' && { 'mcp-name': named }),
  };
}
