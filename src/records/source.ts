import type { Sql } from '@prisma/client/runtime/client';
import type { Context } from '../capability/define.js';
import { uncancelled } from '../database/cancellation.js';
import { withCallerSettings } from '../database/caller-settings.js';
import { databaseCode } from '../database/errors.js';
import { StewardError } from '../errors.js';
import { describeError, type Log } from '../observability/log.js';
import type { Database } from '../database/open.js';
import { TenantWatch } from './tenant-watch.js';
import { readCallerSettings, type ClaimedSetting } from './claims.js';
import { translateReadError } from './read-error.js';
import type { Exposure } from './view/exposure.js';
import { Views } from './views.js';

/** A row as it was read: every value as text. */
export type TextRow = Readonly<Record<string, string | null>>;

/** For whom rows are read. */
export type Reader = Pick<Context, 'claims' | 'signal'>;

export interface SourceOptions {
  name: string;
  exposure: Exposure;
  /** What callers need to read any row. */
  claims: readonly ClaimedSetting[];
  database: Pick<Database, 'ready'>;
  /** The zone of days and hours where a question names none. */
  zone: string;
  log: Pick<Log, 'warn'>;
}

const MOST_REPORTED = 100;

/** A database with its schema: what it holds that may be seen, and the way to read it. */
export class Source extends Views {
  readonly #reported = new Set<string>();

  /** The models whose rows have tenants, exposed or not. */
  readonly ofTenants: ReadonlySet<string>;
  /** Of the rows of tenants. */
  readonly tenants: TenantWatch;

  constructor(private readonly options: SourceOptions) {
    const { name, exposure, zone, log } = options;
    super(name, exposure, zone);
    this.ofTenants = new Set(exposure.tenantModels.map(({ model }) => model.name));
    this.tenants = new TenantWatch(name, exposure, log);
  }

  /** The settings with which a caller's statements run. @throws StewardError FORBIDDEN without the claims for them */
  settingsOf({ claims }: Pick<Reader, 'claims'>): Record<string, string> {
    return readCallerSettings(claims, this.options.claims);
  }

  /**
   * Runs a statement that reads rows, with the claims of its caller.
   * @throws StewardError in words of Steward's alone
   */
  async read(statement: Sql, reader: Reader): Promise<TextRow[]> {
    const settings = this.settingsOf(reader);
    // Others wait for what is looked up here, so it does not end with the call.
    await this.tenants.assertServed(statement, (looking) =>
      uncancelled(() => this.#run(looking, {}, new AbortController().signal)),
    );
    return this.#run(statement, settings, reader.signal);
  }

  /** Runs a statement that reads of the database's catalogue, which is the same for every caller. @throws as read */
  async readCatalogue(statement: Sql, signal: AbortSignal): Promise<TextRow[]> {
    return this.#run(statement, {}, signal);
  }

  async #run(
    statement: Sql,
    settings: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<TextRow[]> {
    const client = await this.options.database.ready();
    signal.throwIfAborted();
    try {
      // Prisma sends a statement when it is awaited, which must be in here.
      return await withCallerSettings(settings, async () => await client.$queryRaw<TextRow[]>(statement));
    } catch (error) {
      let translated = translateReadError(error) ?? error;
      if (translated instanceof StewardError && databaseCode(error)?.startsWith('22'))
        translated = this.#nameClaims(translated, settings);
      if (translated instanceof StewardError && translated.code === 'SCHEMA_CHANGED')
        this.#reportChange(translated.cause);
      throw translated;
    }
  }

  /** A claim that no field is compared with has no type; the policy that reads it may fail on it. */
  #nameClaims(error: StewardError, settings: Readonly<Record<string, string>>): StewardError {
    const untyped = this.options.claims.filter(({ name, kinds }) => name in settings && kinds.size === 0);
    if (untyped.length === 0) return error;
    const claims = untyped.map(({ claim }) => claim).join(', ');
    return new StewardError(
      error.code,
      `What your credentials claim (${claims}) may be none that the row policies can read. If it is one: ${error.message}`,
      error.options,
    );
  }

  /** Each difference is logged once, however many calls meet it; those are counted by their outcome. */
  #reportChange(cause: unknown): void {
    // The number of an alias depends on the question.
    const difference = describeError(cause).replace(/\bt\d+\./g, '');
    if (this.#reported.has(difference) || this.#reported.size >= MOST_REPORTED) return;
    this.#reported.add(difference);
    this.options.log.warn(
      'the database is no longer as its schema says; find the difference with: steward doctor',
      {
        database: this.name,
        cause: difference,
      },
    );
  }
}
