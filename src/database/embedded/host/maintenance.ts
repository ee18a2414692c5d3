import type { PGlite } from '@electric-sql/pglite';
import type { Session } from '../wire/session.js';

const CHECK_EVERY_MS = 60_000;
/** So much must have been written for a round, in bytes of PostgreSQL's log. */
const WORTH_A_ROUND = 1024 * 1024;

/**
 * Does the work of PostgreSQL's background processes. PGlite has none: left alone, the log grows for as long as the host
 * lives, dead rows stay, and the planner never learns how large the tables have become.
 */
export class Maintenance {
  #timer: NodeJS.Timeout | undefined;
  #position = 0;

  constructor(
    private readonly pglite: PGlite,
    private readonly session: Session,
    private readonly log: (text: string) => void,
  ) {}

  async begin(): Promise<void> {
    this.#position = await this.#written();
    this.#timer = setInterval(() => void this.#run(), CHECK_EVERY_MS);
  }

  /** The last round, before the database is closed. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run();
  }

  /** Never waits for the session: a transaction that disturbs no client is not to be ended for this. */
  async #run(): Promise<void> {
    if (!this.session.free) return;
    await this.session.take({});
    try {
      if ((await this.#written()) - this.#position < WORTH_A_ROUND) return;
      await this.pglite.exec('VACUUM (ANALYZE)');
      await this.pglite.exec('CHECKPOINT');
      this.#position = await this.#written();
    } catch (error) {
      // A full disk, most likely. What was saved is safe without it.
      this.log(`maintenance failed: ${(error as Error).message}`);
    } finally {
      this.session.release();
    }
  }

  /** Bytes of log since the folder was made. */
  async #written(): Promise<number> {
    const { rows } = await this.pglite.query<{ at: number }>(
      `SELECT (pg_current_wal_lsn() - '0/0')::float8 AS at`,
    );
    return rows[0]?.at ?? 0;
  }
}
