import type { PrimarySession } from './primary-session.js';
import { parseLsn, type WalPosition } from './wal-position.js';

/**
 * An acknowledged commit is on disk, so the flush position covers it. With `synchronous_commit` off only the insert position
 * does. That one is too far otherwise: the last records of open transactions are on no disk and on no replica.
 */
const LSN = `CASE current_setting('synchronous_commit')
  WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text AS lsn`;
const POSITION = { name: 'position', text: `SELECT ${LSN}` };
/** Also reads the identity of the log: the system identifier, and the timeline in the name of the current segment. */
const POSITION_AND_HISTORY = {
  name: 'position and history',
  text: `SELECT ${LSN}, system_identifier || '/'
      || ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int AS history
    FROM pg_control_system()`,
};

/** The position of the primary's write-ahead log. */
export class PrimaryPosition {
  readonly #next = shareNext(() => this.#query());
  /** The history of the session's server. A session ends before its server begins another log. */
  #history: { session: number; name: string } | undefined;

  constructor(private readonly session: PrimarySession) {}

  /** A position after everything committed before this call; undefined while the primary cannot be queried. */
  now(): Promise<WalPosition | undefined> {
    return this.#next();
  }

  async #query(): Promise<WalPosition | undefined> {
    const reply = await this.session.query<{ lsn: string }>(POSITION);
    if (!reply) return undefined;
    if (reply.session !== this.#history?.session) return this.#queryWithHistory();
    return { history: this.#history.name, lsn: parseLsn(reply.row.lsn) };
  }

  async #queryWithHistory(): Promise<WalPosition | undefined> {
    const reply = await this.session.query<{ lsn: string; history: string }>(POSITION_AND_HISTORY);
    if (!reply) return undefined;
    const { lsn, history } = reply.row;
    this.#history = { session: reply.session, name: history };
    return { history, lsn: parseLsn(lsn) };
  }
}

/**
 * Calls made while a query runs share the next query. So no call gets a position from before it began, and one query runs at
 * a time.
 */
function shareNext<Result>(query: () => Promise<Result>): () => Promise<Result> {
  let latest: Promise<unknown> = Promise.resolve();
  let next: Promise<Result> | undefined;
  return () => {
    if (next) return next;
    const run = latest.then(() => {
      next = undefined;
      return query();
    });
    next = run;
    latest = run.catch(() => {});
    return run;
  };
}
