import { ErrorCode, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js';
import { isObject } from '../json-object.js';
import { ProtocolError, UNSUPPORTED_VERSION } from './errors.js';

/** The revisions in which each request says all of itself, in its `_meta`. */
export const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];

/** The revisions in which a greeting settles it once, the latest first. */
export const LEGACY_VERSIONS: readonly string[] = SUPPORTED_PROTOCOL_VERSIONS;

export const SERVED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];

const VERSION = 'io.modelcontextprotocol/protocolVersion';
export const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT = 'io.modelcontextprotocol/clientInfo';

/** What a request says of its revision and its sender (specification 2026-07-28, basic: per-request protocol fields). */
export interface RequestMeta {
  version: string;
  /** What the client can be asked for. */
  capabilities: Record<string, unknown>;
}

/** The protocol version that a request claims, of whatever type; undefined where it claims none. */
export function claimedVersion({ _meta: meta }: Record<string, unknown>): unknown {
  return isObject(meta) ? meta[VERSION] : undefined;
}

/**
 * Reads these fields of a request's `_meta`.
 * @throws ProtocolError -32602 for a field that is missing or of the wrong type, -32022 for a version that is not served so
 */
export function readRequestMeta({ _meta: meta }: Record<string, unknown>): RequestMeta {
  const { [VERSION]: version, [CAPABILITIES]: capabilities, [CLIENT]: client } = isObject(meta) ? meta : {};
  if (typeof version !== 'string') throw malformed(VERSION, 'the protocol version, as text');
  if (!MODERN_VERSIONS.includes(version)) throw unsupportedVersion(version);
  if (!isObject(capabilities)) throw malformed(CAPABILITIES, 'an object');
  if (client !== undefined && !isImplementation(client))
    throw malformed(CLIENT, 'an object with a name and a version');
  return { version, capabilities };
}

/** Specification 2026-07-28, basic/versioning: protocol version negotiation. */
export function unsupportedVersion(requested: string): ProtocolError {
  return new ProtocolError(
    UNSUPPORTED_VERSION,
    LEGACY_VERSIONS.includes(requested)
      ? 'A request of this protocol version has no version in its _meta: the version is settled by initialize.'
      : `This protocol version is not supported. Supported: ${SERVED_VERSIONS.join(', ')}.`,
    { supported: SERVED_VERSIONS, requested },
  );
}

function isImplementation(value: unknown): boolean {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['version'] === 'string';
}

function malformed(key: string, what: string): ProtocolError {
  return new ProtocolError(ErrorCode.InvalidParams, `_meta: ${key} must be ${what}.`);
}
