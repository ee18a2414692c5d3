import { rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { release, tidyUp } from '../folder/ownership.js';
import { socketPath } from '../folder/socket-folder.js';
import type { Ownership } from '../take-ownership.js';
import { Session } from '../wire/session.js';
import { ownStartupPacket } from '../wire/startup.js';
import { Maintenance } from './maintenance.js';

const OWNERSHIP_CHECK_MS = 1000;
/** A host that takes longer to close exits anyway. PostgreSQL recovers at the next start. */
const SHUTDOWN_LIMIT_MS = 20_000;

/** The exit status after a crash of the database, or the loss of its folder. */
export const CRASHED = 70;

/** Serves the open database of a folder that this process owns, and closes it in the only safe order. */
export class Host {
  readonly #maintenance: Maintenance;
  readonly #session: Session;
  readonly #publicSocket: string;
  #watch: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    private readonly dataDir: string,
    private readonly ownership: Ownership,
    private readonly pglite: PGlite,
    private readonly lingerMs: number,
    private readonly log: (text: string) => void,
  ) {
    this.#session = new Session((messages) => execute(pglite, messages));
    this.#maintenance = new Maintenance(pglite, this.#session, log);
    this.#publicSocket = socketPath(path.dirname(ownership.generation.owner.control));
  }

  async serve(): Promise<void> {
    const { server, generation } = this.ownership;
    const greeting = await execute(this.pglite, ownStartupPacket());
    // It must begin before the first client, which may leave the session inside a failed transaction.
    await this.#maintenance.begin();
    // A killed host does not remove its link.
    await rm(this.#publicSocket, { force: true });
    await symlink(path.basename(generation.owner.control), this.#publicSocket);
    const own = await stat(generation.file);
    this.#watch = setInterval(() => void this.#assertOwner(own.ino), OWNERSHIP_CHECK_MS);
    await tidyUp(this.dataDir, generation);
    server.onHandover = () => void this.stop('a restore requested the folder');
    server.onClients = (clients) => this.#linger(clients);
    server.open({ session: this.#session, greeting });
  }

  /**
   * Ends the host. The server listens until the database is closed and the folder is released, because other hosts take
   * the end of the server for the death of the owner. Clients that connect meanwhile wait.
   */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.log(`leaving: ${reason}`);
    setTimeout(() => process.exit(CRASHED), SHUTDOWN_LIMIT_MS).unref();
    await rm(this.#publicSocket, { force: true });
    await this.ownership.server.suspend('the embedded database is being closed');
    await this.#maintenance.end();
    clearInterval(this.#watch);
    await this.pglite.close();
    await release(this.dataDir, this.ownership.generation);
    await this.ownership.server.close();
    process.exit(0);
  }

  #linger(clients: number): void {
    clearTimeout(this.#lingerTimer);
    if (clients === 0)
      this.#lingerTimer = setTimeout(() => void this.stop('no client is connected any more'), this.lingerMs);
  }

  /**
   * PGlite opens its files by path. If the folder is removed or moved, and another host creates a new database in its
   * place, this host would write into that one. So it exits at once.
   */
  async #assertOwner(inode: number): Promise<void> {
    const now = await stat(this.ownership.generation.file).catch(() => undefined);
    if (now?.ino === inode || this.#stopping) return;
    this.log('the data folder was removed or moved: leaving at once');
    process.exit(CRASHED);
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
