import type { Sql } from '@prisma/client/runtime/client';
import { StewardError } from '../errors.js';
import type { Log } from '../observability/log.js';
import type { Read } from './inspect/catalogue.js';
import { inspectTenants, type Withheld } from './inspect/tenants.js';
import type { Exposure } from './view/exposure.js';
import { nameTable } from './view/view.js';

/** Policies and roles change while Steward serves; for so long it may not notice. */
const LOOK_EVERY_MS = 10_000;

/** Keeps from being read what no policy keeps apart. */
export class TenantWatch {
  #withheld: Promise<readonly Withheld[]> | undefined;
  #lookedAt = -Infinity;
  readonly #reported = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly exposure: Exposure,
    private readonly log: Pick<Log, 'warn'>,
  ) {}

  /** Looks at the database, and logs what is withheld, each once. */
  async look(read: Read): Promise<readonly Withheld[]> {
    const { withheld, doubts } = await inspectTenants(this.exposure, read);
    for (const { model, reason, remedy } of withheld)
      this.#report(`${model.name} is not served, because ${reason}; ${remedy}`);
    for (const { text, remedy } of doubts) this.#report(`${text}: ${remedy}`);
    return withheld;
  }

  /**
   * A model that is withheld is read by no statement, over no relation either.
   * @throws StewardError DATABASE_UNAVAILABLE, naming it
   */
  async assertServed(statement: Sql, read: Read): Promise<void> {
    if (this.exposure.tenantModels.length === 0) return;
    if (this.#withheld === undefined || performance.now() - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = performance.now();
      this.#withheld = this.look(read).catch((error: unknown) => {
        this.#withheld = undefined;
        throw error;
      });
    }
    const withheld = await this.#withheld;
    // Values are parameters: names of tables stand in the text alone.
    const found = withheld.find(({ model }) => statement.sql.includes(nameTable(model.table)));
    if (found)
      throw new StewardError(
        'DATABASE_UNAVAILABLE',
        `${found.model.name} is not served, because ${found.reason}: callers would see the rows of others. Other models may still answer. Tell the operator, who finds what to do with: steward doctor`,
      );
  }

  #report(text: string): void {
    if (this.#reported.has(text)) return;
    this.#reported.add(text);
    this.log.warn(text, { database: this.name });
  }
}
