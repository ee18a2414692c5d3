import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type { ControlServer } from '../control/control-server.js';
import { release, tidyUp, type Generation } from '../folder/ownership.js';
import { SQL_SOCKET } from '../folder/socket-folder.js';
import { Session } from '../wire/session.js';
import { ownStartupPacket, parameterStatuses } from '../wire/startup.js';
import { WireServer } from '../wire/wire-server.js';
import type { HostLog } from './host-log.js';
import { Maintenance } from './maintenance.js';
import type { Presence } from './presence.js';

const MAX_CONNECTIONS = 100;
const OWNERSHIP_CHECK_MS = 1000;
/** A host that cannot end itself within this is ended; PostgreSQL recovers from that at the next start. */
const SHUTDOWN_LIMIT_MS = 20_000;

/** The exit status of a host whose database died or whose folder went away. */
export const CRASHED = 70;

/** A host that owns its folder and has its database open: serves it, and closes it in the one safe order. */
export class Host {
  readonly #maintenance: Maintenance;
  readonly #session: Session;
  #wire: WireServer | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    private readonly dataDir: string,
    private readonly generation: Generation,
    private readonly pglite: PGlite,
    private readonly control: ControlServer,
    private readonly log: HostLog,
  ) {
    this.#session = new Session((messages) => execute(pglite, messages));
    this.#maintenance = new Maintenance(pglite, this.#session, log);
  }

  async serve(presence: Presence): Promise<void> {
    const parameters = parameterStatuses(await execute(this.pglite, ownStartupPacket()));
    const wire = new WireServer(this.#session, parameters, MAX_CONNECTIONS, (open) =>
      presence.count('sql', open),
    );
    const socket = path.join(this.generation.owner?.folder ?? '', SQL_SOCKET);
    // A killed host leaves its socket behind. Whoever owns the folder may take its place.
    await rm(socket, { force: true });
    // Before anybody is let in, who may leave the session inside a transaction that failed.
    await this.#maintenance.begin();
    await wire.listen(socket);
    this.#wire = wire;
    const own = await stat(this.generation.file);
    this.#watch = setInterval(() => void this.#assertOwner(own.ino), OWNERSHIP_CHECK_MS);
    await tidyUp(this.dataDir, this.generation);
    this.control.announce({ kind: 'ready' });
  }

  /**
   * Ends the host. The control socket listens until the database is closed and the folder released: to others, its end
   * is the owner's death.
   */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.log.write(`leaving: ${reason}`);
    // Whoever comes now waits for the next host.
    this.control.announce({ kind: 'opening', text: 'the embedded database is being closed' });
    setTimeout(() => process.exit(CRASHED), SHUTDOWN_LIMIT_MS).unref();
    await this.#wire?.close();
    await this.#maintenance.end();
    clearInterval(this.#watch);
    await this.pglite.close();
    await release(this.dataDir, this.generation);
    await this.control.close();
    process.exit(0);
  }

  /**
   * PGlite opens its files by path. If somebody removes the folder, or moves it, and another host makes a new database
   * in its place, this one would write into that: it must be gone before.
   */
  async #assertOwner(inode: number): Promise<void> {
    const now = await stat(this.generation.file).catch(() => undefined);
    if (now?.ino === inode || this.#stopping) return;
    this.log.write('the data folder was removed or moved: leaving at once');
    process.exit(CRASHED);
  }
}

async function execute(pglite: PGlite, messages: Buffer): Promise<Buffer> {
  const answer: Buffer[] = [];
  await pglite.execProtocolRawStream(messages, {
    // What comes is a view of PGlite's memory, good for this call only.
    onRawData: (bytes) => void answer.push(Buffer.from(bytes)),
  });
  return answer.length === 1 && answer[0] ? answer[0] : Buffer.concat(answer);
}
