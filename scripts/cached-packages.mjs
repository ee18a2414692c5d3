import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export class PackagesUnavailableError extends Error {}

/**
 * Programs from the npm registry that are too large, or need too new a Node, to be dependencies of development: pinned,
 * in a folder of the user's cache, installed where they are not there yet. No script of a package is run.
 * @param {string} folderName
 * @param {Record<string, string>} versions exact, by package
 * @returns {Promise<string>} the folder node_modules they are in
 * @throws PackagesUnavailableError where they can neither be found nor installed
 */
export async function cachedPackages(folderName, versions) {
  const folder = path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), folderName);
  const modules = path.join(folder, 'node_modules');
  const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  // Written last, so that what was broken off does not count.
  const receipt = path.join(folder, 'installed');
  if ((await readFile(receipt, 'utf8').catch(() => '')) === wanted.join('\n')) return modules;
  console.error(`Installing ${wanted.join(', ')} into ${folder}`);
  await mkdir(folder, { recursive: true });
  // npm would wait minutes for a registry that is not there.
  const patience = ['--fetch-retries', '1', '--fetch-retry-mintimeout', '1000'];
  const quietly = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...patience];
  try {
    await promisify(execFile)('npm', ['install', '--prefix', folder, ...quietly, ...wanted], {
      cwd: folder,
      timeout: 300_000,
    });
  } catch (error) {
    const { stderr, message } = /** @type {Error & { stderr?: string }} */ (error);
    throw new PackagesUnavailableError(`npm could not install ${wanted.join(', ')}:\n${stderr || message}`);
  }
  await writeFile(receipt, wanted.join('\n'));
  return modules;
}

/** For programs that need a newer Node than Steward does. */
export const NODE_VERSION = '24.21.0';

/** The binary of that Node. @throws PackagesUnavailableError where it can neither be found nor installed */
export async function pinnedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  return path.join(await cachedPackages('steward-node', { [name]: NODE_VERSION }), name, 'bin', 'node');
}
