import type { PrimarySession } from './replicas/primary-session.js';
import { SharedRound } from './shared-round.js';

/** The version of what is read. */
export interface Version {
  /** The one at a moment after this call; undefined if nobody knows. */
  now(): Promise<string | undefined>;
  /**
   * One such that whatever is read from now on is what the database holds as long as that version is the one `now`;
   * undefined if nobody knows.
   * @param latest what `now` gave lately, if it was asked: an older one would be of no use
   */
  settled(latest: string | undefined): Promise<string | undefined>;
}

/**
 * The version of what some tables hold: a sequence that triggers of these tables move on with each INSERT, UPDATE, DELETE
 * and TRUNCATE, whichever program sends it (see the migration directory_version).
 *
 * What was read after a version was `settled` is what the database holds as long as that version is the one `now`. For
 * take a change that what was read lacks and that is visible now. It moved the version before it became visible. If it
 * did so before the settled version was read, it was under way, with the lock on its table that every change holds until
 * it is visible, when that lock was looked for after the version; so the version was not settled. If it did so later, the
 * version now is another.
 */
export class TableVersion implements Version {
  readonly #versions: SharedRound<string | undefined>;
  readonly #writers: SharedRound<boolean>;
  #settled: string | undefined;

  /**
   * @param sequence of the schema public, as are the tables
   * @param tables all those whose triggers move the sequence
   */
  constructor(session: PrimarySession, sequence: string, tables: readonly string[]) {
    // The sequence's identity is part of it: a restored backup has one of its own, which may stand where this one stood.
    const version = {
      name: sequence,
      text: `SELECT last_value || '/' || tableoid AS version FROM public.${sequence}`,
    };
    const writing = {
      name: `${sequence}'s writers`,
      text: `SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE granted AND locktype = 'relation' AND mode IN ('RowExclusiveLock', 'AccessExclusiveLock')
          AND relation IN (${tables.map((table) => `'public.${table}'::regclass`).join(', ')})
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      ) AS writing`,
    };
    this.#versions = new SharedRound(async () => {
      const told = await session.ask<{ version: string }>(version);
      return told && `${told.session}/${told.row.version}`;
    });
    this.#writers = new SharedRound(
      async () => (await session.ask<{ writing: boolean }>(writing))?.row.writing !== false,
    );
  }

  now(): Promise<string | undefined> {
    return this.#versions.join();
  }

  async settled(latest: string | undefined): Promise<string | undefined> {
    if (this.#settled !== undefined && (latest === undefined || latest === this.#settled))
      return this.#settled;
    const version = latest ?? (await this.now());
    this.#settled = version === undefined || (await this.#someoneIsWriting()) ? undefined : version;
    return this.#settled;
  }

  /** Also true if nobody knows. */
  #someoneIsWriting(): Promise<boolean> {
    return this.#writers.join();
  }
}
