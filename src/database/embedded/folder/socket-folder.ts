import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UnusableDatabaseError } from '../../check.js';
import { layout } from './data-folder.js';

/** The socket that PostgreSQL clients open if their host is this folder. */
export function socketPath(folder: string, port = 5432): string {
  return path.join(folder, `.s.PGSQL.${port}`);
}

export const LARGEST_PORT = 999_999_999;
/** macOS allows 104 bytes, Linux 108, and libuv cuts longer paths silently. */
const LONGEST_SOCKET_PATH = 100;

/**
 * Finds or creates the folder for the host's sockets: inside the data folder, or in the system's folder for temporary
 * files if a socket's path would be too long there.
 * @param previous the folder of the last host; it is used again if possible, so that a URL outlives its host
 * @throws UnusableDatabaseError if there is no folder that only this user can enter
 */
export async function socketFolder(dataDir: string, previous?: string): Promise<string> {
  const { run } = layout(dataDir);
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const name = `steward-${process.getuid?.() ?? 0}-${hash}`;
  const candidates = [run, previous, path.join(os.tmpdir(), name), path.join('/tmp', name)];
  let problem = 'every path is too long';
  for (const folder of candidates) {
    if (folder === undefined || Buffer.byteLength(socketPath(folder, LARGEST_PORT)) > LONGEST_SOCKET_PATH)
      continue;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await assertPrivate(folder);
      return folder;
    } catch (error) {
      problem = (error as Error).message;
    }
  }
  throw new UnusableDatabaseError(
    `There is no folder for the embedded database's socket: ${problem}. Fix that, or choose a data folder with a shorter path.`,
  );
}

/** The database requires no password: every user with access to this folder has access to the database. */
async function assertPrivate(folder: string): Promise<void> {
  const found = await lstat(folder);
  const mine = process.getuid === undefined || found.uid === process.getuid();
  if (found.isDirectory() && mine && (found.mode & 0o077) === 0) return;
  throw new Error(
    `${folder} must be a folder that only this user can enter. Remove it, or run chmod 700 on it`,
  );
}
