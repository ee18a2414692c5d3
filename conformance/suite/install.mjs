import path from 'node:path';
import { cachedPackages, pinnedNode } from '../../scripts/cached-packages.mjs';

const NAME = '@modelcontextprotocol/conformance';
const SUITE_VERSION = '0.2.0-alpha.12';
const OLDEST_NODE = 22;

/** @returns its command line, a Node that runs it, and the folder of its requirements */
export async function installSuite() {
  const modules = await cachedPackages('steward-conformance', { [NAME]: SUITE_VERSION });
  const major = Number.parseInt(process.versions.node, 10);
  return {
    script: path.join(modules, NAME, 'dist', 'index.js'),
    node: major >= OLDEST_NODE ? process.execPath : await pinnedNode(),
    requirements: path.join(modules, NAME, 'requirements'),
  };
}
