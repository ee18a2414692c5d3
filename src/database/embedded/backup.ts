import { randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import { sealing } from '../backup/seal.js';
import { UnusableDatabaseError } from '../check.js';
import { layout } from './folder/data-folder.js';
import { startPGlite } from './host/pglite.js';
import { openEmbedded, type EmbeddedOptions } from './index.js';

/**
 * Writes a consistent backup of an embedded database in use: a sealed tar.gz of its folder. Other clients wait while
 * the folder is copied. The copy is opened and packed; a copy that cannot be opened makes no backup.
 * @throws UnusableDatabaseError; the signal's reason
 */
export async function backUpEmbedded(
  options: EmbeddedOptions,
  to: Writable,
  signal: AbortSignal,
): Promise<void> {
  const { pgdata, backup } = layout(options.dataDir);
  const copy = backup(randomUUID());
  if (!existsSync(pgdata)) {
    throw new UnusableDatabaseError(
      `There is no embedded database in ${options.dataDir}, so nothing to back up. To back up a server, set DATABASE_URL.`,
    );
  }
  const embedded = await openEmbedded(options);
  try {
    const archive = await archiveFolder(embedded.url, pgdata, copy, options.onProgress, signal);
    await pipeline(Readable.from(archive.stream()), createGzip(), sealing('embedded'), to, { signal });
  } finally {
    await rm(copy, { recursive: true, force: true });
    await embedded.close();
  }
}

/**
 * Copies the data folder and packs it into a tar archive. PGlite has one session and no background processes: while this
 * client is inside a transaction, no other client writes. If it loses the session, its next statement fails. It stays
 * connected until the archive is complete, because the next owner of the folder removes the copy.
 */
async function archiveFolder(
  url: string,
  pgdata: string,
  copy: string,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  // Another client may hold the session for a minute.
  const giveUp = () => void client.end();
  signal.addEventListener('abort', giveUp);
  try {
    signal.throwIfAborted();
    await client.query('BEGIN');
    // PostgreSQL would recover the copy without this, as after a power cut; opening it is quicker with it.
    await client.query('CHECKPOINT');
    onProgress('copying the data folder');
    // Created first, with this mode, so that no other user can ever enter it.
    await mkdir(copy, { mode: 0o700 });
    await cp(pgdata, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
    await client.query('ROLLBACK');
    signal.throwIfAborted();
    onProgress('opening and packing the copy');
    const archive = await pack(copy);
    await client.query('SELECT');
    return archive;
  } catch (error) {
    signal.throwIfAborted();
    throw new UnusableDatabaseError(
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
