import type { IncomingHttpHeaders } from 'node:http';
import type { JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import {
  claimedVersion,
  MODERN_VERSIONS,
  readRequestMeta,
  unsupportedVersion,
} from '../../protocol/envelope.js';
import { eraOf, eraOfVersion, MODERN } from '../../protocol/eras.js';
import { HEADER_MISMATCH, ProtocolError } from '../../protocol/errors.js';

/** The parameter that Mcp-Name repeats. */
const NAMED_BY = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

/** Whether a request is of the modern era, by its body or its headers; a greeting without a claim settles that it is not. */
export function isModern({ method, params }: JSONRPCRequest, headers: IncomingHttpHeaders): boolean {
  if (eraOf(method, params) === MODERN) return true;
  return method !== 'initialize' && eraOfVersion(headers['mcp-protocol-version']) === MODERN;
}

/**
 * Checks what a request of the modern era says of itself, and that its headers say the same: a proxy may route by them
 * (specification 2026-07-28, basic/transports/streamable-http: request metadata).
 * @throws ProtocolError -32602, -32020, -32022
 */
export function checkStandardHeaders(
  { method, params = {} }: JSONRPCRequest,
  headers: IncomingHttpHeaders,
): void {
  const version = headers['mcp-protocol-version'];
  const claimed = claimedVersion(params);
  if (typeof claimed === 'string') compare('Mcp-Protocol-Version', version, claimed);
  // A revision to come may put its claims elsewhere.
  else if (isToCome(version)) throw unsupportedVersion(version);
  readRequestMeta(params);
  compare('Mcp-Method', headers['mcp-method'], method);
  const parameter = NAMED_BY.get(method);
  if (parameter !== undefined) compare('Mcp-Name', decode(headers['mcp-name']), params[parameter]);
}

/** Whether a version is later than those of the older era, and none that is served. */
export function isToCome(version: unknown): version is string {
  return eraOfVersion(version) === MODERN && !MODERN_VERSIONS.includes(String(version));
}

function compare(name: string, header: unknown, body: unknown): void {
  if (header === body) return;
  const what = header === undefined ? 'is missing or not as it must be' : 'does not say what the body says';
  throw new ProtocolError(HEADER_MISMATCH, `The header ${name} ${what}.`);
}

/** A value that is no plain ASCII comes as Base64 between marks (ibidem: value encoding). */
function decode(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || !/^[\t\x20-\x7e]*$/.test(header)) return undefined;
  const [, encoded] = /^=\?base64\?(.*)\?=$/.exec(header) ?? [];
  if (encoded === undefined) return header;
  const bytes = Buffer.from(encoded, 'base64');
  // Node passes over what is no Base64.
  return bytes.toString('base64') === encoded ? bytes.toString('utf8') : undefined;
}
