import type { Sql } from '@prisma/client/runtime/client';
import { StewardError } from '../errors.js';
import { describeError, type Log } from '../observability/log.js';
import type { Database } from '../database/open.js';
import { translateReadError } from './read-error.js';
import type { Exposure } from './view/exposure.js';
import { makeView, type View } from './view/view.js';

/** A row as it was read: every value as text. */
export type TextRow = Readonly<Record<string, string | null>>;

const MOST_VIEWS = 200;
const MOST_REPORTED = 100;

/** A database with its schema: what it holds that may be seen, and the way to read it. */
export class Source {
  readonly #views = new Map<string, View>();
  readonly #reported = new Set<string>();

  constructor(
    readonly name: string,
    private readonly exposure: Exposure,
    private readonly database: Pick<Database, 'ready'>,
    /** The zone of days and hours where a question names none. */
    readonly zone: string,
    private readonly log: Pick<Log, 'warn'>,
  ) {}

  /** All scopes that open something here. */
  get scopes(): string[] {
    return [...new Set([...this.exposure.models.values()].map(({ scope }) => scope))];
  }

  /** What a caller with these scopes may see. */
  viewFor(scopes: ReadonlySet<string>): View {
    const key = JSON.stringify(this.scopes.filter((scope) => scopes.has(scope)).sort());
    const known = this.#views.get(key);
    if (known) return known;
    const view = makeView(this.exposure, scopes);
    if (this.#views.size < MOST_VIEWS) this.#views.set(key, view);
    return view;
  }

  /**
   * Runs a statement that reads.
   * @throws StewardError in words of Steward's alone
   */
  async read(statement: Sql, signal: AbortSignal): Promise<TextRow[]> {
    const client = await this.database.ready();
    signal.throwIfAborted();
    try {
      return await client.$queryRaw<TextRow[]>(statement);
    } catch (error) {
      const translated = translateReadError(error) ?? error;
      if (translated instanceof StewardError && translated.code === 'SCHEMA_CHANGED')
        this.#reportChange(translated.cause);
      throw translated;
    }
  }

  /** Each difference is logged once, however many calls meet it; those are counted by their outcome. */
  #reportChange(cause: unknown): void {
    // The number of an alias depends on the question.
    const difference = describeError(cause).replace(/\bt\d+\./g, '');
    if (this.#reported.has(difference) || this.#reported.size >= MOST_REPORTED) return;
    this.#reported.add(difference);
    this.log.warn('the database is no longer as its schema says; find the difference with: steward doctor', {
      database: this.name,
      cause: difference,
    });
  }
}
