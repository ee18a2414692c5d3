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
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} the folder node_modules they are in
 * @throws PackagesUnavailableError where they can neither be found nor installed
 */
export async function cachedPackages(folderName, versions, signal) {
  const cache = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  const folder = path.join(cache, folderName);
  if (!(await isInstalled(folder, versions))) await install(folder, versions, signal);
  return path.join(folder, 'node_modules');
}

/** npm writes its own lockfile last, so that what was broken off does not count. @param {string} folder @param {Record<string, string>} versions */
async function isInstalled(folder, versions) {
  const file = path.join(folder, 'node_modules', '.package-lock.json');
  /** @type {{ packages?: Record<string, { version?: string }> }} */
  const { packages = {} } = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  return Object.entries(versions).every(
    ([name, version]) => packages[`node_modules/${name}`]?.version === version,
  );
}

/** @param {string} folder @param {Record<string, string>} versions @param {AbortSignal} [signal] */
async function install(folder, versions, signal) {
  const wanted = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  console.error(`Installing ${wanted} into ${folder}`);
  await mkdir(folder, { recursive: true });
  const manifest = { name: path.basename(folder), private: true, dependencies: versions };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  // npm would wait minutes for a registry that is not there.
  const patience = ['--fetch-retries', '1', '--fetch-retry-mintimeout', '1000'];
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', ...patience];
  try {
    await promisify(execFile)('npm', args, { cwd: folder, timeout: 300_000, signal });
  } catch (error) {
    signal?.throwIfAborted();
    const { stderr, message } = /** @type {Error & { stderr?: string }} */ (error);
    throw new PackagesUnavailableError(`npm could not install ${wanted}:\n${stderr || message}`);
  }
  if (!(await isInstalled(folder, versions)))
    throw new PackagesUnavailableError(`npm installed other versions than those asked for into ${folder}.`);
}
