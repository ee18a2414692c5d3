import { isUtf8 } from 'node:buffer';
import { copyFileSync, constants, existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import type { Machine } from '../../settings/folders.js';
import { whileLocked, writeWhole } from '../whole-file.js';
import { planChange, type Change, type Wish } from './change.js';
import type { Client } from './clients.js';
import { listPlaces } from './places.js';
import { Problem } from './problem.js';

/** A client on this machine, and the file that holds its servers, which need not be there yet. */
export interface FoundClient extends Client {
  file: string;
}

/** The file of a client, if the client is on this machine. */
export function findClient(client: Client, machine: Machine): FoundClient | undefined {
  const place = listPlaces(client, machine).find(({ file, sign }) => existsSync(file) || existsSync(sign));
  return place && { ...client, file: place.file };
}

/** What a wish would change of a client's file as it is now. @throws Problem */
export function readChange(client: FoundClient, wish: Wish): Change {
  return planChange(client, readText(client.file), wish);
}

/**
 * Changes a client's file, after a copy of it, as it is now: a client may have written it since the difference was shown.
 * @param shown the difference that was agreed to
 * @returns the copy; undefined where there was no file
 * @throws Problem if the difference is another one by now, or the file cannot be written; it is as it was then
 */
export function writeChange(client: FoundClient, wish: Wish, shown: readonly string[]): string | undefined {
  const { file } = client;
  try {
    return whileLocked(file, () => {
      const before = readText(file);
      const { text, difference } = planChange(client, before, wish);
      if (difference.join('\n') !== shown.join('\n'))
        throw new Problem('CHANGED', 'another program changed this entry meanwhile. Run setup again');
      const copy = before === undefined ? undefined : copyFile(file);
      try {
        writeWhole(file, text, before);
      } catch (error) {
        if (copy !== undefined) rmSync(copy, { force: true });
        throw error;
      }
      return copy;
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    // Of writeWhole, the reason is its cause.
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new Problem('CHANGED', 'another program wrote it meanwhile. Run setup again', error);
    throw new Problem('NOT_WRITTEN', message, error);
  }
}

/** @returns undefined where there is none @throws Problem */
function readText(file: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new Problem('NOT_READ', (error as Error).message, error);
    const entry = lstatSync(file, { throwIfNoEntry: false });
    if (!entry) return undefined;
    if (entry.isSymbolicLink()) throw new Problem('NOT_READ', 'this is a link to a file that is not there');
    // Another process made it between the two looks.
    return readText(file);
  }
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new Problem('BROKEN_FILE', 'this is not text in UTF-8');
}

/** With the same rights, since there may be a password in it. */
function copyFile(file: string): string {
  const copy = `${file}.${new Date().toISOString().replaceAll(':', '-')}.backup`;
  copyFileSync(file, copy, constants.COPYFILE_EXCL);
  return copy;
}
