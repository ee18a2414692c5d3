import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UnusableDatabaseError } from '../check.js';
import { findHost } from './find-host.js';
import { prepareDataFolder } from './folder/data-folder.js';
import { endLease } from './host-client.js';

const RETRY_MS = 5_000;

export interface EmbeddedOptions {
  /** The folder of the database. If absent, it is created for this user alone. */
  dataDir: string;
  /** Lifetime of a started host without a connection, in milliseconds. */
  lingerMs: number;
  /** Called with one line of progress for the operator. */
  onProgress(text: string): void;
}

/** An open embedded database. */
export interface Embedded {
  /** A URL for pg, Prisma and psql. It stays valid until `close`, also when another host takes over. */
  readonly url: string;
  /** Ends the lease. The host exits some time after its last client has left. */
  close(): Promise<void>;
}

/**
 * Opens the embedded PostgreSQL of a folder, shared with all other processes of this machine that open it. An open
 * database does not keep this process running.
 * @throws UnusableDatabaseError if the folder cannot be used, or no host can be started
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataDir = await prepareDataFolder(path.resolve(options.dataDir));
  const closing = new AbortController();
  let lease = await findHost(dataDir, options, closing.signal);
  const leaseEnded = () => new Promise((resolve) => lease.once('end', resolve));
  const holding = (async () => {
    await leaseEnded();
    while (!closing.signal.aborted) {
      try {
        lease = await findHost(dataDir, options, closing.signal);
        await leaseEnded();
      } catch (error) {
        if (closing.signal.aborted) return;
        options.onProgress(`the embedded database is not back yet: ${(error as Error).message}`);
        await delay(RETRY_MS, undefined, { ref: false, signal: closing.signal }).catch(() => {});
      }
    }
  })();
  return {
    get url() {
      return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(lease.host)}`;
    },
    async close() {
      closing.abort(new UnusableDatabaseError('The embedded database has been closed.'));
      endLease(lease);
      await holding;
    },
  };
}
