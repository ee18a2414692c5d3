import { randomUUID } from 'node:crypto';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { syncFile } from '../sync-tree.js';
import { BackupError } from './errors.js';

/** File systems without hard links say so in one of these ways. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Writes a file that only this user can read, and that under its name is either whole and on the disk, or not there: it
 * is written aside. A kill half-way leaves at most `.<name>.<id>.partial`.
 * @throws BackupError when the file exists and is not to be overwritten, is no regular file, or cannot be written; what `write` throws
 */
export async function writeNewFile(
  file: string,
  overwrite: boolean,
  write: (to: Writable) => Promise<void>,
): Promise<void> {
  // Before an hour of work, not only after it.
  await assertReplaceable(file, overwrite);
  const aside = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.partial`);
  try {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await write(handle.createWriteStream({ flush: true }));
    } finally {
      await handle.close();
    }
    await assertReplaceable(file, overwrite);
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

/** A device or a pipe would be gone, and a link would no longer lead to where somebody keeps the backups. */
async function assertReplaceable(file: string, overwrite: boolean): Promise<void> {
  const found = await lookAt(file);
  if (found && !overwrite) throw alreadyThere(file);
  if (found && !found.isFile())
    throw new BackupError(
      `${file} is no regular file, and nothing else is overwritten. Choose another name.`,
    );
}

/** rename(2) would replace what somebody made there meanwhile. */
async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (await lookAt(to))) throw alreadyThere(to);
    if (!NO_LINKS.includes(code)) throw error;
    await rename(from, to);
  }
}

function alreadyThere(file: string): BackupError {
  return new BackupError(`${file} exists already. Choose another name, or pass --overwrite.`);
}

/** What is there, if anything is; a link itself, not what it leads to. */
function lookAt(file: string) {
  return lstat(file).catch(() => undefined);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
