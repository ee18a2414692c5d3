import type { PrimarySession } from './primary-session.js';
import { SharedRound } from './shared-round.js';
import { parseLsn, type WalPosition } from './wal-position.js';

/** Which log the server writes, as the system's identifier and the timeline that its current segment is named after. */
const HISTORY = `SELECT system_identifier || '/' || ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int AS history
  FROM pg_control_system()`;
/**
 * What was acknowledged is on disk by then, unless commits do not wait for that. (Where the log ends would be too far: what
 * unfinished transactions wrote last is on no disk, and at no replica.)
 */
const POSITION = `SELECT CASE current_setting('synchronous_commit')
  WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text AS lsn`;

/** How far the log of the server goes that is written to. */
export class PrimaryPosition {
  readonly #round = new SharedRound(() => this.#ask());
  #history: { session: number; name: string } | undefined;

  constructor(private readonly session: PrimarySession) {}

  /** A position behind everything committed before this call; undefined while the server cannot be asked. */
  now(): Promise<WalPosition | undefined> {
    return this.#round.join();
  }

  async #ask(): Promise<WalPosition | undefined> {
    const told = await this.session.ask(POSITION);
    if (told && told.session !== this.#history?.session) return this.#askFirst();
    return told && this.#history && position(this.#history.name, told.row);
  }

  /** A session ends before the server begins another log. */
  async #askFirst(): Promise<WalPosition | undefined> {
    const told = await this.session.ask(`${HISTORY}; ${POSITION}`);
    if (!told) return undefined;
    const name = String(told.row['history']);
    this.#history = { session: told.session, name };
    return position(name, told.row);
  }
}

function position(history: string, row: Record<string, unknown>): WalPosition {
  return { history, lsn: parseLsn(String(row['lsn'])) };
}
