import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../project-root.js';
import { UnusableDatabaseError } from '../check.js';
import { layout } from './folder/data-folder.js';

const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS'];

/** A host started by this process. It may have become the owner, have lost to another host, or have failed. */
export interface StartedHost {
  pid: number | undefined;
  /** The exit status or the error of the process; undefined while it runs. */
  ended: { code: number | null; error?: NodeJS.ErrnoException } | undefined;
}

/**
 * Starts a host that outlives this process. It inherits no terminal or pipe (an MCP client waits for them to close), no
 * working folder, and only those variables of the environment that hold paths or the language.
 * @param lingerMs the host's lifetime without a connection
 * @throws UnusableDatabaseError if this installation has no host program
 */
export function startHost(dataDir: string, lingerMs: number): StartedHost {
  const stderr = openSync(layout(dataDir).log, 'a', 0o600);
  try {
    // Inside Electron, the executable is the application, so the system's Node.js is needed.
    const node = process.versions['electron'] ? 'node' : process.execPath;
    const child = spawn(node, [hostProgram(), dataDir, String(lingerMs)], {
      detached: true,
      stdio: ['ignore', 'ignore', stderr],
      cwd: path.parse(dataDir).root,
      env: Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]])),
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

function hostProgram(): string {
  const built = path.join(PROJECT_ROOT, 'dist', 'embedded-host', 'main.js');
  if (!existsSync(built))
    throw new UnusableDatabaseError(`${built} is missing. Run the build, or install Steward anew.`);
  return built;
}
