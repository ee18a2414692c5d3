import path from 'node:path';
import { cachedPackages } from './cached-packages.mjs';

/** For programs that need a newer Node than Steward does. */
export const NODE_VERSION = '24.21.0';

/**
 * The binary of that Node, from the npm registry.
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 * @throws PackagesUnavailableError where it can neither be found nor installed
 */
export async function pinnedNode(signal) {
  const name = `node-${process.platform}-${process.arch}`;
  return path.join(
    await cachedPackages('steward-node', { [name]: NODE_VERSION }, signal),
    name,
    'bin',
    'node',
  );
}
