import { randomUUID } from 'node:crypto';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { syncFile } from '../sync-tree.js';
import { OperatorError } from '../../errors.js';

/**
 * Writes a file that only this user can read. It appears under its name once it is complete and on the disk. A kill
 * half-way leaves at most `.<name>.<id>.partial`.
 * @throws OperatorError if the file exists and `overwrite` is false, is not a regular file, or cannot be written;
 * errors of `write`
 */
export async function writeNewFile(
  file: string,
  overwrite: boolean,
  write: (to: Writable) => Promise<void>,
): Promise<void> {
  // Checked before an hour of work, and again after it.
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
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const remedy = 'Choose another place, or make room there.';
    throw new OperatorError(`The backup cannot be written: ${error.message}. ${remedy}`, { cause: error });
  } finally {
    await rm(aside, { force: true });
  }
}

/** A rename would replace a file that another process has created meanwhile; a link does not. */
async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyThere(to);
    // The file system has no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) throw error;
    await rename(from, to);
  }
}

function alreadyThere(file: string): OperatorError {
  return new OperatorError(`${file} exists already. Choose another name, or pass --overwrite.`);
}

/** Only a regular file is overwritten: a rename would replace a device, a pipe or a link itself. */
async function assertReplaceable(file: string, overwrite: boolean): Promise<void> {
  const stat = await lstat(file).catch(() => undefined);
  if (stat && !overwrite) throw alreadyThere(file);
  if (stat && !stat.isFile())
    throw new OperatorError(
      `${file} is no regular file, and nothing else is overwritten. Choose another name.`,
    );
}
