import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { RowCounts } from '../backup/row-counts.js';
import type { Sealed } from '../backup/seal.js';
import { EmbeddedDatabaseError, InUseError, silent, SilentHostError } from './errors.js';
import { layout, prepareDataFolder } from './folder/data-folder.js';
import type { Owner } from './folder/owner.js';
import { currentGeneration, release } from './folder/ownership.js';
import { finishReplacement, replaceDatabase } from './folder/replacement.js';
import { startPGlite } from './host/pglite.js';
import type { EmbeddedOptions } from './index.js';
import { requestHandover } from './lease.js';
import { takeOwnership, type Ownership } from './take-ownership.js';
import { OperatorError } from '../../errors.js';

const PAUSE_MS = 200;
/** Time for a closed client to disconnect. */
const GRACE_MS = 3_000;
/** Time for a host to close its database. The host's own limit is shorter. */
const CLOSE_LIMIT_MS = 25_000;

/** The magic of a tar archive (POSIX pax, ustar interchange format). */
const TAR_MAGIC = { text: 'ustar', place: [257, 262] as const };

/**
 * Restores a backup of `backUpEmbedded` with an intact seal into a folder. The backup is unpacked and opened aside: any
 * failure before it is in place, a kill included, leaves the folder's database as it was. New clients wait.
 * @param replace true if an existing database may be replaced
 * @throws OperatorError if the file is no archive; EmbeddedDatabaseError if the folder's database is in use, or the archive
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
  const ownership = await ownFolder(dataDir, options);
  const announce = (text: string) => {
    options.onProgress(text);
    ownership.server.announce(`a backup is being restored: ${text}`);
  };
  try {
    await finishReplacement(dataDir);
    if (existsSync(layout(dataDir).pgdata) && !replace) {
      throw new EmbeddedDatabaseError(
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

async function readArchive(file: string, bytes: number): Promise<Blob> {
  const archive = await promisify(gunzip)((await readFile(file)).subarray(0, bytes)).catch((error: Error) => {
    throw new OperatorError(`${file} holds no archive: ${error.message}. Nothing was changed.`, {
      cause: error,
    });
  });
  return new Blob([archive]);
}

/**
 * Becomes the owner of the folder, also in place of a host without clients.
 * @throws EmbeddedDatabaseError if a host does not leave in time
 */
async function ownFolder(dataDir: string, options: EmbeddedOptions): Promise<Ownership> {
  let refused: { by: string; since: number } | undefined;
  for (let first = true; ; first = false) {
    const ownership = await takeOwnership(dataDir);
    if (ownership) return ownership;
    const owner = (await currentGeneration(dataDir))?.owner;
    if (first) options.onProgress(`waiting for process ${owner?.process.pid}, which has the database open`);
    if (owner) {
      const { error, patienceMs } = await requestLeave(owner, dataDir, options.lingerMs);
      if (refused?.by !== owner.control) refused = { by: owner.control, since: Date.now() };
      if (Date.now() - refused.since >= patienceMs) throw error;
    }
    await delay(PAUSE_MS);
  }
}

/** Requests that the host leave. @returns the error to throw if it still owns the folder after `patienceMs` */
async function requestLeave(
  owner: Owner,
  dataDir: string,
  lingerMs: number,
): Promise<{ error: unknown; patienceMs: number }> {
  try {
    await requestHandover(owner, dataDir, { silenceMs: CLOSE_LIMIT_MS, onProgress: () => {} });
    // The host has ended, or is alive without its socket.
    return { error: silent(dataDir, owner, CLOSE_LIMIT_MS), patienceMs: CLOSE_LIMIT_MS };
  } catch (error) {
    if (error instanceof InUseError) return { error, patienceMs: GRACE_MS };
    if (error instanceof SilentHostError) return { error, patienceMs: 0 };
    // A host of another version exits once it has no clients. A host that cannot open its database is about to exit.
    return { error, patienceMs: lingerMs + CLOSE_LIMIT_MS };
  }
}

/** Unpacks the archive into a new folder, as a closed database. Counting the rows reads every page of every table. */
async function unpack(archive: Blob, aside: string): Promise<RowCounts> {
  try {
    // PGlite would take any other file for a compressed archive, and the process would crash.
    if ((await archive.slice(...TAR_MAGIC.place).text()) !== TAR_MAGIC.text)
      throw new Error('it is no archive');
    const pglite = await startPGlite(aside, undefined, archive);
    try {
      const { rows: tables } = await pglite.query<{ name: string }>(
        `SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
      );
      if (!tables.some(({ name }) => name === 'users')) throw new Error('it holds no directory');
      const counts: RowCounts = [];
      for (const { name } of tables) {
        const { rows } = await pglite.query<{ rows: number }>(
          `SELECT count(*)::int AS rows FROM public."${name}"`,
        );
        counts.push([name, rows[0]?.rows ?? 0]);
      }
      return counts;
    } finally {
      await pglite.close();
    }
  } catch (error) {
    throw new EmbeddedDatabaseError(
      `The backup's database cannot be opened: ${(error as Error).message}. Nothing was changed.`,
      { cause: error },
    );
  }
}
