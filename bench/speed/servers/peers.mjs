import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const PLATFORM = `${process.platform}-${process.arch}`;

/** DBHub needs a newer Node than Steward does; it runs on one from npm. */
const NODE = `node-${PLATFORM}`;
const TOOLBOX = `@toolbox-sdk/server-${PLATFORM}`;
const DBHUB = '@bytebase/dbhub';
const SERVER_POSTGRES = '@modelcontextprotocol/server-postgres';

/** Toolbox is its binary; the package without a platform only finds it. */
const VERSIONS = { [TOOLBOX]: '1.12.0', [DBHUB]: '1.4.0', [SERVER_POSTGRES]: '0.6.2', [NODE]: '24.21.0' };

/** Published for these by all of them. */
const PLATFORMS = ['linux-x64', 'darwin-x64', 'darwin-arm64'];

export class PeersUnavailableError extends Error {}

/** Files of the peers. @typedef {{ toolbox: string, dbhub: string, serverPostgres: string, node: string }} Peers */

/** What stands beside the table. */
export const PEER_VERSIONS = `Toolbox ${VERSIONS[TOOLBOX]}, DBHub ${VERSIONS[DBHUB]} on Node ${VERSIONS[NODE]}, server-postgres ${VERSIONS[SERVER_POSTGRES]}`;

/** @returns {Promise<Peers>} @throws PeersUnavailableError where they can neither be found nor installed */
export async function installPeers() {
  if (!PLATFORMS.includes(PLATFORM))
    throw new PeersUnavailableError(`The peers are not published for ${PLATFORM}.`);
  const folder = path.join(
    process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'),
    'steward-bench',
  );
  if (!(await isInstalled(folder))) await install(folder);
  const modules = path.join(folder, 'node_modules');
  return {
    toolbox: path.join(modules, TOOLBOX, 'bin', 'toolbox'),
    dbhub: path.join(modules, DBHUB, 'dist', 'index.js'),
    serverPostgres: path.join(modules, SERVER_POSTGRES, 'dist', 'index.js'),
    node: path.join(modules, NODE, 'bin', 'node'),
  };
}

/** @param {string} folder */
async function isInstalled(folder) {
  const found = await Promise.all(
    Object.entries(VERSIONS).map(async ([name, version]) => {
      const file = path.join(folder, 'node_modules', name, 'package.json');
      const manifest = await readFile(file, 'utf8').catch(() => '{}');
      return JSON.parse(manifest).version === version;
    }),
  );
  return found.every(Boolean);
}

/** @param {string} folder */
async function install(folder) {
  console.error(`Installing ${PEER_VERSIONS} into ${folder}`);
  await mkdir(folder, { recursive: true });
  const manifest = { name: 'steward-bench-peers', private: true, dependencies: VERSIONS };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  // None of them needs a script of its own to run: their binaries are packages.
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    await promisify(execFile)('npm', args, { cwd: folder, timeout: 300_000 });
  } catch (error) {
    const { stderr, message } = /** @type {Error & { stderr?: string }} */ (error);
    throw new PeersUnavailableError(`npm could not install the peers:\n${stderr || message}`);
  }
  if (!(await isInstalled(folder)))
    throw new PeersUnavailableError(`npm installed other versions than those asked for into ${folder}.`);
}
