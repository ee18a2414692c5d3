import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { isObject } from '../json-object.js';
import { ProtocolError, UNSUPPORTED_VERSION } from './errors.js';
import type { Claims } from './method.js';

/** The revisions in which each request says all of itself; earlier ones settle it with a greeting. */
const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT = 'io.modelcontextprotocol/clientInfo';

/** Whether a request is made in the way of these revisions, or of later ones. */
export function claimsVersion(params: Record<string, unknown>): boolean {
  return isObject(params['_meta']) && VERSION in params['_meta'];
}

/**
 * Reads what a request says of its revision and its sender (specification 2026-07-28, basic: per-request protocol fields).
 * @throws ProtocolError -32602 for a field that is missing or of the wrong type, -32022 for a version that is not served so
 */
export function readClaims({ _meta: meta }: Record<string, unknown>): Claims {
  const { [VERSION]: version, [CAPABILITIES]: capabilities, [CLIENT]: client } = isObject(meta) ? meta : {};
  if (typeof version !== 'string') throw malformed(VERSION, 'the protocol version, as text');
  if (!MODERN_VERSIONS.includes(version))
    throw new ProtocolError(UNSUPPORTED_VERSION, 'This protocol version is not served.', {
      supported: MODERN_VERSIONS,
      requested: version,
    });
  if (!isObject(capabilities)) throw malformed(CAPABILITIES, 'an object');
  if (client !== undefined && !isImplementation(client))
    throw malformed(CLIENT, 'an object with a name and a version');
  return { version, capabilities };
}

function isImplementation(value: unknown): boolean {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['version'] === 'string';
}

function malformed(key: string, what: string): ProtocolError {
  return new ProtocolError(ErrorCode.InvalidParams, `_meta: ${key} must be ${what}.`);
}
