import path from 'node:path';
import { cachedPackages, pinnedNode } from '../../scripts/cached-packages.mjs';

const NAME = '@modelcontextprotocol/inspector';
export const INSPECTOR_VERSION = '2.12.0';

/** @returns its command line, and a Node that runs it; the oldest that does is 22.19 */
export async function installInspector() {
  const modules = await cachedPackages('steward-inspector', { [NAME]: INSPECTOR_VERSION });
  const script = path.join(modules, NAME, 'clients', 'cli', 'build', 'index.js');
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const node = major > 22 || (major === 22 && minor >= 19) ? process.execPath : await pinnedNode();
  return { node, script };
}
