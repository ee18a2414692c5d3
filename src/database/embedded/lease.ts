import type { Socket } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { EmbeddedDatabaseError, inUse, otherVersion, silent } from './errors.js';
import { connectTo, PROTOCOL, type Owner } from './folder/owner.js';
import { CANNOT_OPEN, DATABASE, HANDOVER, IN_USE } from './wire/startup.js';

interface Patience {
  /** Longest silence of the host, in milliseconds. */
  silenceMs: number;
  onProgress(text: string): void;
  signal?: AbortSignal;
}

/** An idle connection. The host runs as long as it has one. A lease does not keep this process running. */
export class Lease {
  /** Resolves when the host has ended, or after `end`. */
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;

  private constructor(
    client: pg.Client,
    /** The folder of the PostgreSQL socket. */
    readonly folder: string,
  ) {
    this.#socket = client.connection.stream as Socket;
    this.#socket.unref();
    this.closed = new Promise((resolve) => client.once('end', resolve));
  }

  /**
   * Connects to the owner of a folder and waits until its database is open.
   * @returns undefined if the owner has ended, or ends meanwhile
   * @throws EmbeddedDatabaseError if it stays silent, cannot open the database, or has another version
   */
  static async take(owner: Owner, dataDir: string, patience: Patience): Promise<Lease | undefined> {
    const client = await connect(owner, dataDir, DATABASE, patience);
    return client && new Lease(client, owner.folder);
  }

  /** Ends the connection, whether the host is responsive or frozen. */
  async end(): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }
}

/**
 * Requests that the owner of a folder close its database and exit. The owner refuses if it has other clients.
 * @throws EmbeddedDatabaseError as `Lease.take`, and if the database is in use
 */
export async function requestHandover(owner: Owner, dataDir: string, patience: Patience): Promise<void> {
  await connect(owner, dataDir, HANDOVER, patience);
}

async function connect(
  owner: Owner,
  dataDir: string,
  database: string,
  { silenceMs, onProgress, signal }: Patience,
): Promise<pg.Client | undefined> {
  if (owner.protocol !== PROTOCOL) {
    if ((await connectTo(owner.control)) !== 'connected') return undefined;
    throw otherVersion(owner);
  }
  const port = Number(path.extname(owner.control).slice(1));
  const client = new pg.Client({ host: owner.folder, port, user: 'postgres', database, ssl: false });
  client.on('error', () => {}); // The `end` event follows, and is enough.
  const giveUp = () => (client.connection.stream as Socket).destroy();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    giveUp();
  }, silenceMs);
  client.on('notice', ({ message = '' }) => {
    timer.refresh();
    onProgress(message);
  });
  signal?.addEventListener('abort', giveUp);
  try {
    await client.connect();
    return client;
  } catch (error) {
    if (expired) throw silent(dataDir, owner, silenceMs);
    const { code, message } = error as pg.DatabaseError;
    if (code === IN_USE) throw inUse(dataDir, owner);
    if (code === CANNOT_OPEN) throw new EmbeddedDatabaseError(message);
    return undefined;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}
