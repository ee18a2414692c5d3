import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UnusableDatabaseError } from '../check.js';
import { findHost } from './find-host.js';
import { prepareDataFolder } from './folder/data-folder.js';
import { endLease } from './host-client.js';
import { startHost, type StartedHost } from './start-host.js';

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
  /** While no host has it open: resolves when one has again, or it is closed. */
  readonly away: Promise<void> | undefined;
  /** Ends the lease. The host exits some time after its last client has left; one that is a thread of this process, now. */
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
  const { lingerMs, onProgress } = options;
  const hosts: StartedHost[] = [];
  const start = () => {
    const host = startHost(dataDir, lingerMs);
    hosts.push(host);
    return host;
  };
  const find = () => findHost(dataDir, start, onProgress, closing.signal);
  let lease = await find();
  let away: Promise<void> | undefined;
  const leaseEnded = () => new Promise((resolve) => lease.once('end', resolve));
  const takeLease = async () => {
    while (!closing.signal.aborted) {
      try {
        lease = await find();
        return;
      } catch (error) {
        if (closing.signal.aborted) return;
        onProgress(`the embedded database is not back yet: ${(error as Error).message}`);
        await delay(RETRY_MS, undefined, { ref: false, signal: closing.signal }).catch(() => {});
      }
    }
  };
  const holding = (async () => {
    for (;;) {
      await leaseEnded();
      if (closing.signal.aborted) return;
      away = takeLease();
      await away;
      if (closing.signal.aborted) return;
      away = undefined;
    }
  })();
  return {
    get away() {
      return away;
    },
    get url() {
      return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(lease.host)}`;
    },
    async close() {
      closing.abort(new UnusableDatabaseError('The embedded database has been closed.'));
      endLease(lease);
      await holding;
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
}
