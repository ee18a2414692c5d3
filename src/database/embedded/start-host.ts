import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../project-root.js';
import { EmbeddedDatabaseError } from './errors.js';
import { layout } from './folder/data-folder.js';

/** A host that was started here and may since have become the owner, have lost to another, or have failed. */
export interface StartedHost {
  pid: number | undefined;
  /** How it ended; undefined as long as it runs. */
  ended: { code: number | null; error?: NodeJS.ErrnoException } | undefined;
}

/**
 * Starts a host that outlives this process. It gets nothing of ours: no terminal or pipe (an MCP client waits for them
 * to close), no working folder, and of the environment only what says where things are.
 * @param lingerMs how long the host stays without a connection before it leaves
 * @throws EmbeddedDatabaseError if this installation has no host program
 */
export function startHost(dataDir: string, lingerMs: number): StartedHost {
  const stderr = openSync(layout(dataDir).log, 'a', 0o600);
  try {
    const child = spawn(nodeProgram(), [hostProgram(), dataDir, String(lingerMs)], {
      detached: true,
      stdio: ['ignore', 'ignore', stderr],
      cwd: path.parse(dataDir).root,
      env: only('PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS'),
    });
    const host: StartedHost = { pid: child.pid, ended: undefined };
    child.on('exit', (code) => (host.ended = { code }));
    child.on('error', (error) => (host.ended = { code: null, error }));
    child.unref();
    return host;
  } finally {
    closeSync(stderr);
  }
}

/** Inside Electron, the executable is the application; it has to be a Node of the system's. */
function nodeProgram(): string {
  return process.versions['electron'] ? 'node' : process.execPath;
}

function hostProgram(): string {
  const built = path.join(PROJECT_ROOT, 'dist', 'embedded-host', 'main.js');
  if (!existsSync(built))
    throw new EmbeddedDatabaseError(`${built} is missing. Run the build, or install Steward anew.`);
  return built;
}

function only(...names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
