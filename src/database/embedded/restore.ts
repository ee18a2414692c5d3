import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { OperatorError } from '../../errors.js';
import type { Sealed } from '../backup/seal.js';
import { countRows, type RowCounts } from '../backup/server/state.js';
import { UnusableDatabaseError } from '../check.js';
import { layout, prepareDataFolder } from './folder/data-folder.js';
import { currentGeneration, release } from './folder/ownership.js';
import { finishReplacement, replaceDatabase } from './folder/replacement.js';
import { startPGlite } from './host/pglite.js';
import type { EmbeddedOptions } from './index.js';
import { connectToHost, unreachable } from './host-client.js';
import { takeOwnership, type Ownership } from './take-ownership.js';
import { HANDOVER } from './wire/startup.js';

const PAUSE_MS = 200;
/** Time for a closed client to disconnect. */
const GRACE_MS = 3_000;
/** Time for a host to close its database. The host's own limit is shorter. */
const CLOSE_LIMIT_MS = 25_000;

/** What stands in a tar archive, and where (POSIX pax, ustar interchange format). */
const TAR_MAGIC = 'ustar';
const TAR_MAGIC_AT = 257;

/**
 * Restores a backup of `backUpEmbedded` with an intact seal into a folder. The backup is unpacked and opened aside: any
 * failure before it is in place, a kill included, leaves the folder's database as it was. New clients wait.
 * @param replace true if an existing database may be replaced
 * @throws OperatorError if the file is no archive; UnusableDatabaseError if the folder's database is in use, or the archive
 * cannot be opened
 */
export async function restoreEmbedded(
  options: EmbeddedOptions,
  file: string,
  { bytes }: Sealed,
  replace: boolean,
): Promise<RowCounts> {
  const archive = await readArchive(file, bytes);
  // PostgreSQL refuses a data folder that other users can enter.
  process.umask(0o077);
  const dataDir = await prepareDataFolder(path.resolve(options.dataDir), true);
  const ownership = await ownFolder(dataDir, options.onProgress);
  const announce = (text: string) => {
    options.onProgress(text);
    ownership.server.announce(`a backup is being restored: ${text}`);
  };
  try {
    await finishReplacement(dataDir);
    if (existsSync(layout(dataDir).pgdata) && !replace) {
      throw new UnusableDatabaseError(
        `There is an embedded database in ${dataDir}. Pass --replace to have the backup take its place. Nothing was changed.`,
      );
    }
    const aside = layout(dataDir).aside(randomUUID());
    announce('unpacking');
    const counts = await unpack(archive, aside);
    announce('replacing the database');
    await replaceDatabase(dataDir, aside);
    return counts;
  } finally {
    try {
      await release(dataDir, ownership.generation);
    } finally {
      // An open server keeps this process running. A full disk can make the release fail.
      await ownership.server.close();
    }
  }
}

async function readArchive(file: string, bytes: number): Promise<Buffer> {
  return promisify(gunzip)((await readFile(file)).subarray(0, bytes)).catch((cause: Error) => {
    throw new OperatorError(`${file} holds no archive: ${cause.message}. Nothing was changed.`, { cause });
  });
}

/**
 * Becomes the owner of the folder, also in place of a host without clients.
 * @throws UnusableDatabaseError if a host does not leave in time
 */
async function ownFolder(dataDir: string, onProgress: (text: string) => void): Promise<Ownership> {
  let asked: { control: string; at: number; refusedAt?: number } | undefined;
  for (;;) {
    const ownership = await takeOwnership(dataDir);
    if (ownership) return ownership;
    const current = await currentGeneration(dataDir);
    if (current?.owner) {
      const { control, process: host } = current.owner;
      if (!asked) onProgress(`waiting for process ${host.pid}, which has the database open`);
      // Clients of a damaged database start one host after the other.
      if (asked?.control !== control) asked = { control, at: Date.now() };
      const refusal = await connectToHost(current.owner, dataDir, HANDOVER, CLOSE_LIMIT_MS).catch(
        (error: Error) => error,
      );
      if (refusal) asked.refusedAt ??= Date.now();
      // A host that is alive without its socket neither refuses nor leaves.
      if (
        Date.now() - asked.at >= CLOSE_LIMIT_MS ||
        (asked.refusedAt && Date.now() - asked.refusedAt >= GRACE_MS)
      )
        throw refusal instanceof Error ? refusal : unreachable(dataDir, current, CLOSE_LIMIT_MS);
    }
    await delay(PAUSE_MS);
  }
}

/** Unpacks the archive into a new folder, as a closed database. Counting the rows reads every page of every table. */
async function unpack(archive: Buffer, aside: string): Promise<RowCounts> {
  try {
    // PGlite would take any other file for a compressed archive, and the process would crash.
    if (archive.toString('latin1', TAR_MAGIC_AT, TAR_MAGIC_AT + TAR_MAGIC.length) !== TAR_MAGIC)
      throw new Error('it is no archive');
    const pglite = await startPGlite(aside, undefined, new Blob([archive]));
    try {
      const counts = await countRows(pglite);
      if (!counts.some(([table]) => table === 'users')) throw new Error('it holds no directory');
      return counts;
    } finally {
      await pglite.close();
    }
  } catch (error) {
    throw new UnusableDatabaseError(
      `The backup's database cannot be opened: ${(error as Error).message}. Nothing was changed.`,
      { cause: error },
    );
  }
}
