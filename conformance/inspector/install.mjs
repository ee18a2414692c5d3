import path from 'node:path';
import { cachedPackages } from '../../scripts/cached-packages.mjs';
import { pinnedNode } from '../../scripts/pinned-node.mjs';

const INSPECTOR = '@modelcontextprotocol/inspector';
const VERSION = '2.12.0';

/** The oldest Node it runs on: major and minor. */
const OLDEST_NODE = [22, 19];

/** @typedef {{ cli: string, node: string }} Inspector the file of its command line, and the Node to run it */

/** @param {AbortSignal} signal @returns {Promise<Inspector>} @throws PackagesUnavailableError where it cannot be had */
export async function installInspector(signal) {
  const modules = await cachedPackages('steward-inspector', { [INSPECTOR]: VERSION }, signal);
  return {
    cli: path.join(modules, INSPECTOR, 'clients', 'cli', 'build', 'index.js'),
    node: isNewEnough(process.versions.node) ? process.execPath : await pinnedNode(signal),
  };
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
