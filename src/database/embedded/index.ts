import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedDatabaseError } from './errors.js';
import { findHost } from './find-host.js';
import { prepareDataFolder } from './folder/data-folder.js';
import type { Lease } from './lease.js';

export { EmbeddedDatabaseError };

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

export interface EmbeddedOptions {
  /** Created, for this user alone, if it does not exist. */
  dataDir: string;
  /** How long a host that is started for this stays up without a connection, in milliseconds. */
  lingerMs: number;
  /** One line at a time, for the operator: what is being done or waited for. */
  onProgress(text: string): void;
}

/** An open embedded database. */
export interface Embedded {
  /** For pg, Prisma and psql. Good for as long as this is open, also while hosts come and go. */
  readonly url: string;
  /** Leaves the database to the others. The host goes by itself when it was the last one. */
  close(): Promise<void>;
}

/**
 * Opens the embedded PostgreSQL of a folder, sharing it with every other process of this machine that has it open.
 * Holding it open does not keep this process running.
 * @throws EmbeddedDatabaseError
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataDir = await prepareDataFolder(path.resolve(options.dataDir));
  const closing = new AbortController();
  let lease = await findHost(dataDir, options, closing.signal);
  const holding = (async () => {
    for (let next: Lease | undefined = lease; next; next = await recover(dataDir, options, closing.signal)) {
      lease = next;
      await lease.closed;
    }
  })();
  return {
    get url() {
      return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(lease.folder)}`;
    },
    async close() {
      closing.abort(new EmbeddedDatabaseError('The embedded database has been closed.'));
      await lease.end();
      await holding;
    },
  };
}

/** Starts a host, or finds the one that another process started, however often that takes; undefined once closed. */
async function recover(
  dataDir: string,
  options: EmbeddedOptions,
  closing: AbortSignal,
): Promise<Lease | undefined> {
  for (let pause = FIRST_RETRY_MS; !closing.aborted; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
    try {
      return await findHost(dataDir, options, closing);
    } catch (error) {
      if (closing.aborted) break;
      options.onProgress(`the embedded database is not back yet: ${(error as Error).message}`);
    }
    await delay(pause, undefined, { ref: false, signal: closing }).catch(() => {});
  }
  return undefined;
}
