import type { Sql } from '@prisma/client/runtime/client';
import { translateDatabaseError } from '../database/errors.js';
import type { Database } from '../database/open.js';
import { translateReadError } from './read-error.js';
import type { Exposure } from './view/exposure.js';
import { makeView, type View } from './view/view.js';

/** A row as it was read: every value as text. */
export type TextRow = Readonly<Record<string, string | null>>;

const MOST_VIEWS = 200;

/** A database with its schema: what it holds that may be seen, and the way to read it. */
export class Source {
  readonly #views = new Map<string, View>();

  constructor(
    readonly name: string,
    private readonly exposure: Exposure,
    private readonly database: Pick<Database, 'ready'>,
    /** The zone of days and hours where a question names none. */
    readonly zone: string,
  ) {}

  /** All scopes that open something here. */
  get scopes(): string[] {
    return [...new Set([...this.exposure.models.values()].map(({ scope }) => scope))];
  }

  /** What a caller with these scopes may see. */
  viewFor(scopes: ReadonlySet<string>): View {
    const key = JSON.stringify(this.scopes.filter((scope) => scopes.has(scope)).toSorted());
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
      throw translateReadError(error) ?? translateDatabaseError(error) ?? error;
    }
  }
}
