import type { PGlite } from '@electric-sql/pglite';
import type { Session } from '../wire/session.js';

const CHECK_EVERY_MS = 60_000;
/** Least growth of PostgreSQL's log for a round of maintenance, in bytes. */
const WORTH_A_ROUND = 1024 * 1024;

/**
 * Does the work of PostgreSQL's background processes, which PGlite lacks. Without it the log grows as long as the host
 * runs, dead rows stay, and the planner's statistics never change.
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
    this.#position = await this.#readLogBytes();
    this.#timer = setInterval(() => void this.#run(), CHECK_EVERY_MS);
  }

  /** Runs the last round, before the database is closed. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run();
  }

  /** Never waits for the session, because a waiting holder makes the session evict an idle transaction. */
  async #run(): Promise<void> {
    if (!this.session.free) return;
    await this.session.take({});
    try {
      if ((await this.#readLogBytes()) - this.#position < WORTH_A_ROUND) return;
      await this.pglite.exec('VACUUM (ANALYZE)');
      await this.pglite.exec('CHECKPOINT');
      this.#position = await this.#readLogBytes();
    } catch (error) {
      // The likely reason is a full disk. Committed data is safe without maintenance.
      this.log(`maintenance failed: ${(error as Error).message}`);
    } finally {
      this.session.release();
    }
  }

  /** Bytes of log since the folder was created. */
  async #readLogBytes(): Promise<number> {
    const { rows } = await this.pglite.query<{ at: number }>(
      `SELECT (pg_current_wal_lsn() - '0/0')::float8 AS at`,
    );
    return rows[0]?.at ?? 0;
  }
}
