import type pg from 'pg';
import { describeError, type Log } from '../../observability/log.js';
import { openPool } from '../pool.js';
import type { Session } from '../session.js';
import { SessionPool } from '../session-pool.js';

/** A position in the primary's write-ahead log. Earlier commits have lower positions. */
export interface WalPosition {
  /** The identity of the log: the system identifier and the timeline. A fail-over changes it. */
  history: string;
  lsn: string;
}

/** Longest time for an answer, in milliseconds. After that the connection is closed. */
const PATIENCE_MS = 1000;
const CONNECT_PATIENCE_MS = 3000;
/** The server ends a statement that waits for a lock after this time. It would not notice a closed connection. */
const STATEMENT_TIMEOUT_MS = 700;
/** Time without a query after a failed one, in milliseconds. The calls go to the primary meanwhile. */
const PAUSE_MS = 500;

/**
 * An acknowledged commit is on disk, so the flush position covers it. With `synchronous_commit` off only the insert position
 * does. That one is too far otherwise: the last records of open transactions are on no disk and on no replica. The name of
 * the current segment begins with the timeline.
 */
const POSITION = {
  name: 'position',
  text: `SELECT CASE current_setting('synchronous_commit')
      WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text AS lsn,
    system_identifier || '/' || ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int AS history
    FROM pg_control_system()`,
  query_timeout: PATIENCE_MS,
};

/**
 * Reads the position of the primary's log on a connection of its own, so that it waits neither for a connection of the
 * pool nor for the statement of a call.
 */
export class PrimaryPosition {
  readonly #pool: pg.Pool;
  #pausedUntil = 0;
  /** The last state in the log: 'open', or the cause of a failure. */
  #logged: string | undefined;
  #latest: Promise<unknown> = Promise.resolve();
  #next: Promise<WalPosition | undefined> | undefined;

  constructor(
    url: string,
    session: Session,
    private readonly log: Log,
  ) {
    const pool = { ...session.pool, min: 0, max: 1, acquireTimeoutMs: CONNECT_PATIENCE_MS };
    const own = { ...session, pool, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
    this.#pool = openPool(url, own, SessionPool, 'steward primary');
  }

  /**
   * A position after everything committed before this call; undefined while the primary cannot be queried. Calls made while
   * a query runs share the next one. So no call gets a position from before it began, and one query runs at a time.
   */
  now(): Promise<WalPosition | undefined> {
    if (this.#next) return this.#next;
    const run = this.#latest.then(() => {
      this.#next = undefined;
      return this.#query();
    });
    this.#next = run;
    this.#latest = run;
    return run;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #query(): Promise<WalPosition | undefined> {
    if (performance.now() < this.#pausedUntil) return undefined;
    try {
      const { rows } = await this.#pool.query<WalPosition>(POSITION);
      if (this.#logged !== 'open') this.log.info('primary session open');
      this.#logged = 'open';
      return rows[0];
    } catch (error) {
      this.#pausedUntil = performance.now() + PAUSE_MS;
      const cause = describeError(error);
      if (cause !== this.#logged && !this.#pool.ending)
        this.log.warn('primary session not available', { cause });
      this.#logged = cause;
      return undefined;
    }
  }
}
