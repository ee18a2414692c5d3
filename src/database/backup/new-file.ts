import { randomUUID } from 'node:crypto';
import { access, link, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { syncFile } from '../sync-tree.js';
import { BackupError } from './errors.js';

/** File systems without hard links say so in one of these ways. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Writes a file that only this user can read, and that under its name is either whole and on the disk, or not there: it
 * is written aside. A kill half-way leaves at most `.<name>.<id>.partial`.
 * @throws BackupError when the file exists and is not to be overwritten, or cannot be written; what `write` throws
 */
export async function writeNewFile(
  file: string,
  overwrite: boolean,
  write: (to: Writable) => Promise<void>,
): Promise<void> {
  // Before an hour of work, not only after it.
  if (!overwrite && (await exists(file))) throw alreadyThere(file);
  const aside = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.partial`);
  try {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await write(handle.createWriteStream({ flush: true }));
    } finally {
      await handle.close();
    }
    await (overwrite ? rename(aside, file) : renameToNew(aside, file));
    await syncFile(path.dirname(file));
  } catch (error) {
    throw isSystemError(error)
      ? new BackupError(`The backup cannot be written: ${error.message}`, { cause: error })
      : error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** rename(2) would replace what somebody made there meanwhile. */
async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (await exists(to))) throw alreadyThere(to);
    if (!NO_LINKS.includes(code)) throw error;
    await rename(from, to);
  }
}

function alreadyThere(file: string): BackupError {
  return new BackupError(`${file} exists already. Choose another name, or pass --overwrite.`);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
