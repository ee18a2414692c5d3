import type { PrimarySession, Question } from './primary-session.js';
import { SharedRound } from './shared-round.js';

/**
 * The version of what some tables hold: a sequence that triggers of these tables move on with each statement that changes
 * a row of them, whichever program sends it (see the migration directory_version).
 *
 * What was read after a version was `settled` is what the database holds as long as that version is the one `now`. For
 * take a change that what was read lacks and that is visible now. It moved the version before it became visible. If it
 * did so before the settled version was read, it was under way, with the lock on its table that every change holds until
 * it is visible, when that lock was looked for after the version; so the version was not settled. If it did so later, the
 * version now is another.
 */
export class TableVersion {
  readonly #looks: SharedRound<string | undefined>;
  readonly #searches: SharedRound<boolean>;
  #settled: string | undefined;

  /** @param sequence of the schema public, as are the tables */
  constructor(
    private readonly session: PrimarySession,
    sequence: string,
    tables: readonly string[],
  ) {
    this.#looks = new SharedRound(() =>
      this.#look({
        name: sequence,
        // The sequence's identity is part of it: a restored backup has one of its own, which may stand where this one stood.
        text: `SELECT last_value || '/' || tableoid AS version FROM public.${sequence}`,
      }),
    );
    this.#searches = new SharedRound(() =>
      this.#search({
        name: `${sequence} writers`,
        text: `SELECT EXISTS (
          SELECT FROM pg_locks
          WHERE granted AND locktype = 'relation' AND mode IN ('RowExclusiveLock', 'AccessExclusiveLock')
            AND relation IN (${tables.map((table) => `'public.${table}'::regclass`).join(', ')})
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ) AS writing`,
      }),
    );
  }

  /** The version at a moment after this call; undefined while the server cannot be asked. */
  async now(): Promise<string | undefined> {
    return this.#looks.join();
  }

  /**
   * A version whose changes are all visible to whatever is read from now on; undefined while somebody is changing
   * something, or the server cannot be asked.
   * @param now what it was lately, if that is known: an older version would soon be of no use
   */
  async settled(now: string | undefined): Promise<string | undefined> {
    if (this.#settled === undefined || (now !== undefined && now !== this.#settled)) {
      const version = now ?? (await this.now());
      this.#settled = (await this.#searches.join()) ? undefined : version;
    }
    return this.#settled;
  }

  async #look(question: Question): Promise<string | undefined> {
    const told = await this.session.ask(question);
    return told && `${told.session}/${String(told.row['version'])}`;
  }

  /** Whether somebody is changing something, or nobody knows. */
  async #search(question: Question): Promise<boolean> {
    return (await this.session.ask(question))?.row['writing'] !== false;
  }
}
