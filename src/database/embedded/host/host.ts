import { rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { release, tidyUp } from '../folder/ownership.js';
import { socketPath } from '../folder/socket-folder.js';
import type { Ownership } from '../take-ownership.js';
import { Session } from '../wire/session.js';
import { ownStartupPacket } from '../wire/startup.js';
import { beginMaintenance } from './maintenance.js';

const OWNERSHIP_CHECK_MS = 1000;
/** A host that takes longer to close exits anyway. PostgreSQL recovers at the next start. */
const SHUTDOWN_LIMIT_MS = 20_000;

/** The exit status after a crash of the database, or the loss of its folder. A thread ends with it alone. */
export const CRASHED = 70;

/**
 * Serves the open database of a folder that this host owns.
 * @returns a function that closes the database in the only safe order, and ends the host
 */
export async function serve(
  dataDir: string,
  { server, generation }: Ownership,
  pglite: PGlite,
  lingerMs: number,
  log: (text: string) => void,
): Promise<(reason: string) => Promise<void>> {
  const { control } = generation.owner;
  const publicSocket = socketPath(path.dirname(control));
  const session = new Session((messages) => execute(pglite, messages));
  let stopping = false;
  let linger: NodeJS.Timeout | undefined;

  const greeting = await execute(pglite, ownStartupPacket());
  // It must begin before the first client, which may leave the session inside a failed transaction.
  const endMaintenance = await beginMaintenance(pglite, session, log);
  // A killed host does not remove its link.
  await rm(publicSocket, { force: true });
  await symlink(path.basename(control), publicSocket);
  const { ino } = await stat(generation.file);
  const watch = setInterval(() => void assertOwner(), OWNERSHIP_CHECK_MS);
  await tidyUp(dataDir, generation);
  server.onHandover = () => void stop('a restore requested the folder');
  server.onClients = (clients) => {
    clearTimeout(linger);
    if (clients === 0) linger = setTimeout(() => void stop('no client is connected any more'), lingerMs);
  };
  server.open({ session, greeting });
  return stop;

  /**
   * PGlite opens its files by path. If the folder is removed or moved, and another host creates a new database in its
   * place, this host would write into that one. So it exits at once.
   */
  async function assertOwner(): Promise<void> {
    const now = await stat(generation.file).catch(() => undefined);
    if (now?.ino === ino || stopping) return;
    log('the data folder was removed or moved: leaving at once');
    process.exit(CRASHED);
  }

  /**
   * The server listens until the database is closed and the folder is released, because other hosts take the end of the
   * server for the death of the owner. Clients that connect meanwhile wait.
   */
  async function stop(reason: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    log(`leaving: ${reason}`);
    setTimeout(() => process.exit(CRASHED), SHUTDOWN_LIMIT_MS).unref();
    await rm(publicSocket, { force: true });
    await server.suspend('the embedded database is being closed');
    await endMaintenance();
    clearInterval(watch);
    await pglite.close();
    await release(dataDir, generation);
    await server.close();
    process.exit(0);
  }
}

async function execute(pglite: PGlite, messages: Buffer): Promise<Buffer> {
  const answer: Buffer[] = [];
  await pglite.execProtocolRawStream(messages, {
    // The bytes are a view of PGlite's memory, valid only during this call.
    onRawData: (bytes) => void answer.push(Buffer.from(bytes)),
  });
  return answer.length === 1 && answer[0] ? answer[0] : Buffer.concat(answer);
}
