import type { PGlite } from '@electric-sql/pglite';
import type { Holder, Session } from '../wire/session.js';
import type { HostLog } from './host-log.js';

const CHECK_EVERY_MS = 60_000;
/** A quiet database is looked after this often, if anything was written. */
const OVERDUE_MS = 10 * 60_000;
/** One segment of PostgreSQL's log, in bytes. */
const MUCH_WRITTEN = 16 * 1024 * 1024;
const WORTH_A_VACUUM_AT_THE_END = 1024 * 1024;

/**
 * What PostgreSQL's background processes would do. PGlite has none: left alone, the log grows for as long as the host
 * lives, dead rows stay, and the planner never learns how large the tables have become.
 */
export class Maintenance {
  readonly #holder: Holder = { evict: () => {} };
  #timer: NodeJS.Timeout | undefined;
  #position = 0;
  #doneAt = Date.now();

  constructor(
    private readonly pglite: PGlite,
    private readonly session: Session,
    private readonly log: HostLog,
  ) {}

  async begin(): Promise<void> {
    this.#position = await this.#written();
    this.#timer = setInterval(() => void this.#check(), CHECK_EVERY_MS);
  }

  /** The last round, before the database is closed. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#inTurn(async () => {
      if ((await this.#written()) - this.#position > WORTH_A_VACUUM_AT_THE_END)
        await this.pglite.exec('VACUUM (ANALYZE)');
    });
  }

  #check(): Promise<void> {
    return this.#inTurn(async () => {
      const written = (await this.#written()) - this.#position;
      const overdue = Date.now() - this.#doneAt > OVERDUE_MS;
      if (written < MUCH_WRITTEN && !(overdue && written > 0)) return;
      await this.pglite.exec('VACUUM (ANALYZE)');
      await this.pglite.exec('CHECKPOINT');
      this.#position = await this.#written();
      this.#doneAt = Date.now();
    });
  }

  /** Bytes of log since the folder was made. */
  async #written(): Promise<number> {
    const { rows } = await this.pglite.query<{ at: number }>(
      `SELECT (pg_current_wal_lsn() - '0/0')::float8 AS at`,
    );
    return rows[0]?.at ?? 0;
  }

  /** Never waits for its turn: a transaction that bothers nobody is not to be ended for this. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (!this.session.free) return;
    await this.session.take(this.#holder);
    this.session.unnamedOwner = undefined;
    try {
      await work();
    } catch (error) {
      // A full disk, most likely. What was saved is safe without it.
      this.log.write(`maintenance failed: ${(error as Error).message}`);
    } finally {
      this.session.release();
    }
  }
}
