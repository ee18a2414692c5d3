import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PROJECT_ROOT } from '../../project-root.js';
import { UnusableDatabaseError } from '../check.js';
import { layout } from './folder/data-folder.js';
import { currentGeneration, release, type OwnGeneration } from './folder/ownership.js';
import type { ThreadData } from './host/main.js';

const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS'];
const RELEASE_RETRY_MS = 1000;

/** A host started by this process. It may have become the owner, have lost to another host, or have failed. */
export interface StartedHost {
  /** The process that it is, or is a thread of. */
  pid: number | undefined;
  /** The exit status or the error of the host; undefined while it runs. */
  ended: { code: number | null; error?: Error | undefined } | undefined;
  /** Ends a host that would end with this process. It closes its database and releases the folder for others. */
  stop(): Promise<void>;
}

/**
 * Starts a host: a process that outlives this one, or inside Electron a thread, since the executable there is the
 * application, which need not run as Node.js, and there may be no other Node.js.
 * @param lingerMs the host's lifetime without a connection
 * @throws UnusableDatabaseError if this installation has no host program
 */
export function startHost(dataDir: string, lingerMs: number): StartedHost {
  const program = hostProgram();
  // Only those variables that hold paths or the language.
  const env = Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]]));
  return process.versions['electron']
    ? startThread(program, env, dataDir, lingerMs)
    : startProcess(program, env, dataDir, lingerMs);
}

/** It inherits no terminal or pipe (an MCP client waits for them to close), and no working folder. */
function startProcess(
  program: string,
  env: NodeJS.ProcessEnv,
  dataDir: string,
  lingerMs: number,
): StartedHost {
  const stderr = openSync(layout(dataDir).log, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [program, dataDir, String(lingerMs)], {
      detached: true,
      stdio: ['ignore', 'ignore', stderr],
      cwd: path.parse(dataDir).root,
      env,
    });
    const host: StartedHost = { pid: child.pid, ended: undefined, stop: async () => {} };
    child.on('exit', (code) => (host.ended = { code }));
    child.on('error', (error) => (host.ended = { code: null, error }));
    child.unref();
    return host;
  } finally {
    closeSync(stderr);
  }
}

/** It does not keep this process running. If the process ends first, that is to the database as if it were killed. */
function startThread(
  program: string,
  env: NodeJS.ProcessEnv,
  dataDir: string,
  lingerMs: number,
): StartedHost {
  const workerData: ThreadData = { dataDir, lingerMs, thread: randomUUID() };
  const worker = new Worker(program, { workerData, env, stdout: true, stderr: true });
  // By default they would end up in stdout, which carries JSON-RPC, and stderr of this process.
  worker.stdout.resume();
  worker.stderr.resume();
  worker.unref();
  let failure: Error | undefined;
  worker.on('error', (error: Error) => (failure = error));
  const exited = new Promise<number>((resolve) => worker.on('exit', resolve));
  const host: StartedHost = {
    pid: process.pid,
    ended: undefined,
    stop() {
      // Nothing else need be left that keeps the process running until then.
      worker.ref();
      worker.postMessage('stop');
      return ended;
    },
  };
  const ended = (async () => {
    const code = await exited;
    await releaseInPlaceOf(workerData);
    host.ended = { code, error: failure };
  })();
  return host;
}

/**
 * Releases the folder for a thread that has ended without doing so: to others it is alive as long as its process is. A full
 * disk can delay that.
 */
async function releaseInPlaceOf({ dataDir, thread }: ThreadData): Promise<void> {
  for (;;) {
    try {
      // Without a folder there is nothing to release.
      const current = existsSync(dataDir) ? await currentGeneration(dataDir) : undefined;
      if (current?.owner?.thread === thread && !current.owner.released)
        await release(dataDir, current as OwnGeneration);
      return;
    } catch {
      await delay(RELEASE_RETRY_MS, undefined, { ref: false });
    }
  }
}

function hostProgram(): string {
  const built = path.join(PROJECT_ROOT, 'dist', 'embedded-host', 'main.cjs');
  if (!existsSync(built))
    throw new UnusableDatabaseError(`${built} is missing. Run the build, or install Steward anew.`);
  return built;
}
