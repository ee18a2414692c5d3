import { constants, existsSync } from 'node:fs';
import { cp, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import { sealing } from '../backup/seal.js';
import { EmbeddedDatabaseError } from './errors.js';
import { layout } from './folder/data-folder.js';
import { makeWorkshop, sweepWorkshops } from './folder/workshop.js';
import { startPGlite } from './host/pglite.js';
import { openEmbedded, type EmbeddedOptions } from './index.js';

/**
 * Backs an embedded database up into a stream, as it is at one moment, whoever else uses it: a sealed tar.gz of its folder.
 * @throws EmbeddedDatabaseError; the signal's reason
 */
export async function backUpEmbedded(
  options: EmbeddedOptions,
  to: Writable,
  signal: AbortSignal,
): Promise<void> {
  const archive = await archiveFolder(options, signal);
  await pipeline(Readable.from(archive.stream()), createGzip(), sealing('embedded'), to, { signal });
}

/**
 * The data folder of an embedded database as a tar archive.
 * Others wait while the folder is copied. The archive is made of the copy, which has been opened for it: what cannot be
 * opened makes no backup.
 */
async function archiveFolder(options: EmbeddedOptions, signal: AbortSignal): Promise<Blob> {
  if (!existsSync(layout(options.dataDir).pgdata)) {
    throw new EmbeddedDatabaseError(
      `There is no embedded database in ${options.dataDir}, so nothing to back up. To back up a server, set DATABASE_URL.`,
    );
  }
  const dataDir = await realpath(options.dataDir);
  await sweepWorkshops(dataDir);
  const workshop = await makeWorkshop(dataDir);
  try {
    const copy = path.join(workshop, 'pgdata');
    const embedded = await openEmbedded(options);
    try {
      options.onProgress('copying the data folder');
      await copyHeld(embedded.url, layout(options.dataDir).pgdata, copy, signal);
    } finally {
      await embedded.close();
    }
    options.onProgress('opening and packing the copy');
    return await pack(copy);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/**
 * PGlite has one session and no background processes: whoever is inside a transaction is the only one by whom anything
 * is written. Losing the session meanwhile makes the last statement fail.
 */
async function copyHeld(url: string, pgdata: string, copy: string, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  // Whoever has the session may keep it for a minute.
  const giveUp = () => void client.end();
  signal.addEventListener('abort', giveUp);
  try {
    signal.throwIfAborted();
    await client.query('BEGIN');
    // Not needed for the copy to be whole, as after a power cut; but opening it is quicker.
    await client.query('CHECKPOINT');
    await cp(pgdata, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
    await client.query('ROLLBACK');
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw new EmbeddedDatabaseError(
      `The embedded database could not be copied: ${(error as Error).message}. Try again.`,
      { cause: error },
    );
  } finally {
    signal.removeEventListener('abort', giveUp);
    await client.end();
  }
}

async function pack(pgdata: string): Promise<Blob> {
  const pglite = await startPGlite(pgdata);
  try {
    await pglite.exec('CHECKPOINT');
    return await pglite.dumpDataDir('none');
  } finally {
    await pglite.close();
  }
}
