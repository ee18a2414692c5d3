import type { Sql } from '@prisma/client/runtime/client';
import { StewardError } from '../errors.js';
import { describeError, type Log } from '../observability/log.js';
import type { Database } from '../database/open.js';
import { translateReadError } from './read-error.js';
import type { Exposure } from './view/exposure.js';
import { Views } from './views.js';

/** A row as it was read: every value as text. */
export type TextRow = Readonly<Record<string, string | null>>;

const MOST_REPORTED = 100;

/** A database with its schema: what it holds that may be seen, and the way to read it. */
export class Source extends Views {
  readonly #reported = new Set<string>();

  constructor(
    name: string,
    exposure: Exposure,
    private readonly database: Pick<Database, 'ready'>,
    zone: string,
    private readonly log: Pick<Log, 'warn'>,
  ) {
    super(name, exposure, zone);
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
