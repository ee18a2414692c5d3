import { isObject } from '../json-object.js';
import { claimedVersion } from '../protocol/envelope.js';

/** The one revision with batches (specification 2025-03-26, basic); over HTTP also that of a request that names none. */
export const BATCHING_VERSION = '2025-03-26';

const LONGEST_BATCH = 20;

/** Why a list is no batch in this protocol version; undefined where it is one. */
export function refuseBatch(list: unknown[], version: string | undefined): string | undefined {
  if (version !== BATCHING_VERSION) return `Batches are part of protocol version ${BATCHING_VERSION} only.`;
  if (list.length === 0 || list.length > LONGEST_BATCH)
    return `A batch must hold 1 to ${LONGEST_BATCH} messages.`;
  // Specification 2025-03-26, basic/lifecycle.
  if (list.some((item) => Object(item).method === 'initialize'))
    return 'initialize must not stand in a batch.';
  if (list.some(claimsVersion))
    return 'A request with its protocol version in _meta must not stand in a batch.';
  return undefined;
}

function claimsVersion(json: unknown): boolean {
  return isObject(json) && isObject(json['params']) && claimedVersion(json['params']) !== undefined;
}
