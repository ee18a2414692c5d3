import type { PrimarySession } from './primary-session.js';
import { parseLsn, type WalPosition } from './wal-position.js';

/**
 * What was acknowledged is on disk by then, unless commits do not wait for that. (Where the log ends would be too far: what
 * unfinished transactions wrote last is on no disk, and at no replica.)
 */
const LSN = `CASE current_setting('synchronous_commit')
  WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text AS lsn`;
const POSITION = { name: 'position', text: `SELECT ${LSN}` };
/** Which log the server writes, too: the system's identifier and the timeline that its current segment is named after. */
const POSITION_AND_HISTORY = {
  name: 'position and history',
  text: `SELECT ${LSN}, system_identifier || '/'
      || ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int AS history
    FROM pg_control_system()`,
};

/** How far the log of the server goes that is written to. */
export class PrimaryPosition {
  readonly #next = sharing(() => this.#ask());
  /** Of a session's server: a session ends before its server begins another log. */
  #history: { session: number; name: string } | undefined;

  constructor(private readonly session: PrimarySession) {}

  /** A position behind everything committed before this call; undefined while the server cannot be asked. */
  now(): Promise<WalPosition | undefined> {
    return this.#next();
  }

  async #ask(): Promise<WalPosition | undefined> {
    const told = await this.session.ask<{ lsn: string }>(POSITION);
    if (!told) return undefined;
    if (told.session !== this.#history?.session) return this.#askWithHistory();
    return { history: this.#history.name, lsn: parseLsn(told.row.lsn) };
  }

  async #askWithHistory(): Promise<WalPosition | undefined> {
    const told = await this.session.ask<{ lsn: string; history: string }>(POSITION_AND_HISTORY);
    if (!told) return undefined;
    const { lsn, history } = told.row;
    this.#history = { session: told.session, name: history };
    return { history, lsn: parseLsn(lsn) };
  }
}

/**
 * Calls that come while a query runs share the next one. So no call gets a position older than itself, and one query runs
 * at a time.
 */
function sharing<Result>(query: () => Promise<Result>): () => Promise<Result> {
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
