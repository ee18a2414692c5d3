import type { Socket } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { UnusableDatabaseError } from '../check.js';
import { connectTo, PROTOCOL, type Owner } from './folder/owner.js';
import type { Generation } from './folder/ownership.js';
import { CANNOT_OPEN, DATABASE, HANDOVER, IN_USE } from './wire/startup.js';

/**
 * Connects to the owner of a folder and waits until its database is open. The idle connection is a lease: the host runs
 * as long as it has one. It does not keep this process running.
 * @param database `HANDOVER` requests instead that the host close its database and exit
 * @param silenceMs the longest silence of the host
 * @returns undefined if the owner has ended, or ends meanwhile
 * @throws UnusableDatabaseError if it stays silent, cannot open the database, has another version, or has other clients
 * and is to hand over
 */
export async function connectToHost(
  owner: Owner,
  dataDir: string,
  database: typeof DATABASE | typeof HANDOVER,
  silenceMs: number,
  { onProgress, signal }: { onProgress?: (text: string) => void; signal?: AbortSignal } = {},
): Promise<pg.Client | undefined> {
  const { pid } = owner.process;
  if (owner.protocol !== PROTOCOL) {
    if ((await connectTo(owner.control)) !== 'connected') return undefined;
    throw new UnusableDatabaseError(
      `Another version of Steward uses the embedded database (process ${pid}). Close it, and try again in a minute.`,
    );
  }
  const port = Number(path.extname(owner.control).slice(1));
  const client = new pg.Client({ host: owner.folder, port, user: 'postgres', database, ssl: false });
  client.on('error', () => {}); // The `end` event follows, and is enough.
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    endLease(client);
  }, silenceMs);
  client.on('notice', ({ message = '' }) => {
    timer.refresh();
    onProgress?.(message);
  });
  const giveUp = () => endLease(client);
  signal?.addEventListener('abort', giveUp);
  try {
    await client.connect();
    socketOf(client).unref();
    return client;
  } catch (error) {
    if (expired)
      throw new UnusableDatabaseError(
        `Process ${pid} holds the embedded database in ${dataDir} and has not answered for ${silenceMs / 1000} s: it is busy or frozen. ` +
          `Wait and try again, or end it with "kill -9 ${pid}"; what was saved stays saved.`,
      );
    const { code, message } = error as pg.DatabaseError;
    if (code === IN_USE)
      throw new UnusableDatabaseError(
        `The embedded database in ${dataDir} is in use (process ${pid}). ` +
          'Close every MCP client that has a Steward on it, and try again. Nothing was changed.',
      );
    // It is about to exit, which is all that a hand-over is for.
    if (code === CANNOT_OPEN && database === DATABASE) throw new UnusableDatabaseError(message);
    return undefined;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/** The error for a host that is alive, but could not be reached. */
export function unreachable(dataDir: string, { owner, file }: Generation, forMs: number) {
  return new UnusableDatabaseError(
    `Process ${owner?.process.pid} holds the embedded database in ${dataDir} and could not be reached for ${forMs / 1000} s. ` +
      `End it and try again. If it ran in a container that is gone, remove ${file}.`,
  );
}

/** Ends the connection, whether the host is responsive or frozen. */
export function endLease(lease: pg.Client): void {
  socketOf(lease).destroy();
}

function socketOf(client: pg.Client): Socket {
  return client.connection.stream as Socket;
}
