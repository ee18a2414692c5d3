import { LRUCache } from 'lru-cache';
import type { Context } from '../capability/define.js';
import { nearestWords } from '../capability/nearest.js';
import { uncancelled } from '../database/cancellation.js';
import { violatedUniqueIndex } from '../database/errors.js';
import { StewardError } from '../errors.js';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { quote, showUnseen } from '../visible-text.js';
import type { WriteContext, Writes } from './writes.js';

interface NamedDepartment {
  id: number;
  name: string;
}

const SUGGESTIONS = 3;
const MOST_CHOICES = 100;
const NAMED = { id: true, name: true } satisfies Prisma.DepartmentSelect;

/**
 * Departments. Reads take names and ids from a cache, which may lag a rename by its time to live. Head counts are read from
 * the database each time.
 */
export class Departments {
  readonly #cache: LRUCache<'all', NamedDepartment[]>;
  /** Counts look-ups that the cache answered, and those that read the database. */
  readonly cacheUse = { hits: 0, misses: 0 };

  /** @param ttlMs milliseconds for which names and ids are cached; 0: no cache */
  constructor(
    private readonly prisma: PrismaClient,
    private readonly writes: Writes,
    private readonly ttlMs: number,
  ) {
    this.#cache = new LRUCache<'all', NamedDepartment[]>({
      max: 1,
      ttl: ttlMs,
      // `create` deletes the entry. A load under way still answers the calls that wait for it, but is not cached.
      ignoreFetchAbort: true,
      // Several calls may wait for one load, so it must not end with the call that began it.
      fetchMethod: () => uncancelled(() => this.#readNames()),
    });
  }

  /** All departments by name, with their head counts: how many users are active, and how many are not. */
  async list() {
    const [departments, headcounts] = await Promise.all([
      this.#readNames(),
      this.prisma.headcount.groupBy({ by: ['departmentId', 'active'], _sum: { users: true } }),
    ]);
    const counts = new Map(
      headcounts.map(({ departmentId, active, _sum }) => [`${departmentId} ${active}`, _sum.users ?? 0]),
    );
    const count = (departmentId: number, active: boolean) => counts.get(`${departmentId} ${active}`) ?? 0;
    return departments.map(({ id, name }) => ({
      id,
      name,
      active: count(id, true),
      inactive: count(id, false),
    }));
  }

  /** The names of all departments, in order. */
  async names(): Promise<string[]> {
    const { departments, cached } = await this.#read();
    this.#count(cached);
    return departments.map(({ name }) => name);
  }

  /** @throws StewardError CONFLICT when the name is taken, in upper or lower case. */
  async create(
    name: string,
    context: WriteContext,
  ): Promise<{ id: number; name: string; createdAt: string }> {
    try {
      // The answer is made before the commit: see UserChanges.create.
      return await this.writes.run(context, async (tx) => {
        const { id, createdAt } = await tx.department.create({ data: { name } });
        const result = { id, name, createdAt: createdAt.toISOString() };
        return { result, words: `Create the department ${quote(name)}.` };
      });
    } catch (error) {
      if (violatedUniqueIndex(error) !== 'departments_name_key') throw error;
      throw new StewardError(
        'CONFLICT',
        `A department named ${quote(name)} exists already. Use it, or choose another name.`,
      );
    } finally {
      this.#cache.delete('all');
    }
  }

  /**
   * Finds a department by its name, in any case, for reads. A write calls `lookUpDepartment` in its transaction.
   * @throws StewardError NOT_FOUND with the nearest names, for a caller who may read them
   */
  async find(name: string, context: Pick<Context, 'scopes'>): Promise<NamedDepartment> {
    const { departments, cached } = await this.#read();
    // PostgreSQL decides which letters are equal in another case, so the cache is searched for the exact name only.
    const found = departments.find((department) => department.name === name);
    this.#count(cached && found !== undefined);
    if (found) return found;
    return lookUpDepartment(this.prisma, name).catch(async (error: unknown) => {
      throw error instanceof UnknownDepartment ? await this.unknown(name, context) : error;
    });
  }

  /**
   * The department that a person chooses. Undefined where none can be asked, the caller may not read the names, or there are
   * more than a form should hold; but an answer that is there is never passed over.
   * @throws as Elicitation.choose; InvalidState for an answer to what can be asked no more
   */
  async choose({ elicitation, scopes }: WriteContext, message: string): Promise<string | undefined> {
    if (!elicitation.possible || !scopes.has('directory:read')) return elicitation.skip();
    // Not from the cache: two processes with different caches would ask for ever.
    const departments = await this.#readNames();
    if (departments.length === 0 || departments.length > MOST_CHOICES) return elicitation.skip();
    const choices = new Map(departments.map(({ name }) => [showUnseen(name), name]));
    return elicitation.choose('department', message, choices);
  }

  /** The error for a name that no department has. Names of others are those of the cache: a hint may lag. */
  async unknown(name: string, { scopes }: Pick<Context, 'scopes'>): Promise<StewardError> {
    const problem = `There is no department named ${quote(name)}.`;
    if (!scopes.has('directory:read')) return new StewardError('NOT_FOUND', problem);
    const { departments } = await this.#read();
    const names = departments.map((department) => department.name);
    const nearest = nearestWords(name, names, SUGGESTIONS).map(quote).join(', ');
    return new StewardError('NOT_FOUND', `${problem} Nearest: ${nearest}. list_departments shows all.`, {
      quotesStored: true,
    });
  }

  async #read(): Promise<{ departments: NamedDepartment[]; cached: boolean }> {
    const status: LRUCache.Status<'all', NamedDepartment[]> = {};
    // For lru-cache, a time to live of 0 means no expiry.
    const departments = await this.#cache.forceFetch('all', { status, forceRefresh: this.ttlMs === 0 });
    return { departments, cached: status.fetch === 'hit' || status.fetch === 'inflight' };
  }

  async #readNames(): Promise<NamedDepartment[]> {
    // Prisma sends a query when it is awaited, so the `await` has to be inside.
    return await this.prisma.department.findMany({ select: NAMED, orderBy: { name: 'asc' } });
  }

  #count(cached: boolean): void {
    this.cacheUse[cached ? 'hits' : 'misses'] += 1;
  }
}

/** No department has the name that was looked for. */
export class UnknownDepartment extends Error {
  override readonly name = 'UnknownDepartment';
}

/**
 * Reads the department of that name, in any case, from the database.
 * @throws UnknownDepartment
 */
export async function lookUpDepartment(
  client: Prisma.TransactionClient,
  name: string,
): Promise<NamedDepartment> {
  const found = await client.department.findFirst({ where: { name }, select: NAMED });
  if (!found) throw new UnknownDepartment();
  return found;
}
