import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A container engine with Docker's command line.
 * @typedef {{ description: string, command: string[], buildOptions: string[], runOptions: string[], close: () => Promise<void> }} Engine
 */

/** No engine can be had on this machine. */
export class EngineUnavailableError extends Error {}

const STAND_IN = fileURLToPath(new URL('stand-in-base.sh', import.meta.url));

/** @param {string} line */
const words = (line) => line.split(' ');

/**
 * The engine of this machine, where one answers and has or gets the base image. Otherwise a Podman with a base image that is
 * made from Debian's and npm's packages.
 * @param {string} base as the Dockerfile names it
 * @param {AbortSignal} signal
 * @returns {Promise<Engine>}
 * @throws EngineUnavailableError
 */
export async function openEngine(base, signal) {
  if (process.platform !== 'linux')
    throw new EngineUnavailableError('Containers share the network of this machine on Linux only.');
  for (const name of ['docker', 'podman']) {
    if ((await runCommand([name, 'info'], { signal })).code !== 0) continue;
    if ((await runCommand([name, 'pull', base], { seconds: 300, signal })).code !== 0) continue;
    // A health check is no part of an OCI image.
    const buildOptions = name === 'podman' ? ['--format', 'docker'] : [];
    const description = `${name}, ${base}`;
    return { description, command: [name], buildOptions, runOptions: [], close: async () => {} };
  }
  return openStandIn(base, signal);
}

/**
 * A Podman whose storage is a folder of its own, so that all of it is gone afterwards, also when a build was interrupted.
 * @param {string} base
 * @param {AbortSignal} signal
 * @returns {Promise<Engine>}
 */
async function openStandIn(base, signal) {
  const reason = `No container engine with ${base} answers (start Docker or Podman)`;
  if (process.getuid?.() !== 0)
    throw new EngineUnavailableError(`${reason}, and only root can make a stand-in (run this as root).`);
  const home = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  const nodeVersion = /:(\d[\d.]*)/.exec(base)?.[1] ?? '';
  const store = path.join(home, 'steward-image', `node-${nodeVersion}`);
  const made = await runCommand(['bash', STAND_IN, nodeVersion, store], { seconds: 600, signal });
  if (made.code !== 0)
    throw new EngineUnavailableError(`${reason}, and no stand-in can be made:\n${made.stderr.trim()}`);
  const dir = await mkdtemp(`${path.dirname(store)}/run-`);
  const folders = ['--root', `${dir}/store`, '--runroot', `${dir}/run`];
  const storage = [...folders, '--storage-opt', `additionalimagestore=${store}`];
  const build = words(
    '--from localhost/steward-base --format docker --isolation chroot --layers=false --force-rm',
  );
  // Podman would raise the limits, which root in a container may not, and has systemd run health checks.
  const limits = words('--ulimit nofile=1024:1024');
  return {
    description: `podman, with a stand-in for ${base}`,
    command: ['podman', ...storage, ...words('--runtime runc --cgroup-manager cgroupfs')],
    buildOptions: [...build, ...limits, ...(await mountNpmSettings(dir))],
    runOptions: [...limits, ...words('--ulimit nproc=4096:4096 --no-healthcheck')],
    close: async () => {
      const unmount = `awk -v dir="$1" 'index($2, dir) == 1 { print $2 }' /proc/mounts | tac | xargs -r umount --lazy`;
      await runCommand(['sh', '-c', `${unmount}; rm -rf "$1"`, 'sh', dir], { seconds: 300 });
    },
  };
}

/**
 * Lets npm use the registry and the certificates of this machine's npm while it builds; nothing of them gets into the image.
 * @param {string} dir
 */
async function mountNpmSettings(dir) {
  const { stdout: registry } = await runCommand(['npm', 'config', 'get', 'registry']);
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  await writeFile(`${dir}/npmrc`, `registry=${registry}${certificates ? `cafile=${certificates}\n` : ''}`);
  const mounts = [`${dir}/npmrc:/root/.npmrc:ro`];
  if (certificates) mounts.push(`${certificates}:${certificates}:ro`);
  return mounts.flatMap((mount) => ['--volume', mount]);
}

/**
 * Runs a command to its end; never throws for an exit code. GNU timeout ends its whole process group, after `seconds` or
 * when `signal` says so: a build that is killed alone leaves its steps running.
 * @param {string[]} argv
 * @param {{ seconds?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
export function runCommand(argv, { seconds = 60, signal } = {}) {
  const args = ['--kill-after=5', String(seconds), ...argv];
  return new Promise((resolve, reject) => {
    const child = execFile('timeout', args, { maxBuffer: 2 ** 26 }, (_, stdout, stderr) => {
      signal?.removeEventListener('abort', end);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code: child.exitCode, stdout, stderr });
    });
    const end = () => child.kill();
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
