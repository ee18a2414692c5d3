import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { OperatorError } from '../errors.js';

/** The text of a file; undefined where there is none. @throws OperatorError if it cannot be read */
export function readIfAny(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes a file whole or not at all, and only where it still holds what it held before: a person or another Steward may
 * have written it meanwhile. A link stays a link, and rights stay as they are, since there may be a password in it.
 * @param before undefined: there was none
 * @throws OperatorError
 */
export function writeWhole(file: string, text: string, before: string | undefined): void {
  try {
    if (before === undefined) create(file, text);
    else replace(realpathSync(file), text, before);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OperatorError(
      code === 'EEXIST'
        ? `${file} was written by another program meanwhile. It was left as it is.`
        : `${file} cannot be written: ${message}`,
      { cause: error },
    );
  }
}

/** A lock that is older was left by a process that died: work on a file takes milliseconds. */
const LOCK_LASTS_MS = 10_000;
const LOCK_RETRY_MS = 20;

/**
 * Has a file to itself while the work runs, among those who ask for it the same way: a folder beside the file, as
 * programs make it through `proper-lockfile`.
 * @throws NodeJS.ErrnoException where no folder can be made there
 */
export function whileLocked<Result>(file: string, work: () => Result): Result {
  const lock = `${existsSync(file) ? realpathSync(file) : file}.lock`;
  while (!takeLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_RETRY_MS);
  try {
    return work();
  } finally {
    rmdirSync(lock);
  }
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (made !== undefined && Date.now() - made > LOCK_LASTS_MS) rmSync(lock, { recursive: true, force: true });
  return false;
}

/** @throws NodeJS.ErrnoException, EEXIST where it is there by now */
function create(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    // A full disk leaves a part of it.
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') rmSync(file, { force: true });
    throw error;
  }
}

function replace(file: string, text: string, before: string): void {
  const written = `${file}.${randomUUID()}`;
  try {
    // For no other user before it has the owner and the rights of the file.
    writeFileSync(written, text, { flag: 'wx', mode: 0o600 });
    const { uid, gid, mode } = statSync(file);
    chownSync(written, uid, gid);
    chmodSync(written, mode);
    if (readFileSync(file, 'utf8') !== before) throw Object.assign(new Error('changed'), { code: 'EEXIST' });
    renameSync(written, file);
  } finally {
    rmSync(written, { force: true });
  }
}
