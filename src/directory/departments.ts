import { distance } from 'fastest-levenshtein';
import { LRUCache } from 'lru-cache';
import { uncancelled } from '../database/cancellation.js';
import { violatedUniqueIndex } from '../database/errors.js';
import { StewardError } from '../errors.js';
import { inTransaction } from './audited-change.js';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';

interface NamedDepartment {
  id: number;
  name: string;
}

const SUGGESTIONS = 3;
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
    const count = (departmentId: number, active: boolean) =>
      headcounts.find((row) => row.departmentId === departmentId && row.active === active)?._sum.users ?? 0;
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
  async create(name: string, signal: AbortSignal): Promise<{ id: number; name: string; createdAt: string }> {
    signal.throwIfAborted();
    try {
      // The answer is made before the commit: see UserChanges.create.
      return await inTransaction(this.prisma, async (tx) => {
        const { id, createdAt } = await tx.department.create({ data: { name } });
        const created = { id, name, createdAt: createdAt.toISOString() };
        signal.throwIfAborted();
        return created;
      });
    } catch (error) {
      if (violatedUniqueIndex(error) !== 'departments_name_key') throw error;
      throw new StewardError(
        'CONFLICT',
        `A department named "${name}" exists already. Use it, or choose another name.`,
      );
    } finally {
      this.#cache.delete('all');
    }
  }

  /**
   * Finds a department by its name, in any case, for reads. A write calls `lookUpDepartment` in its transaction.
   * @throws StewardError NOT_FOUND with the nearest names.
   */
  async find(name: string): Promise<NamedDepartment> {
    const { departments, cached } = await this.#read();
    // PostgreSQL decides which letters are equal in another case, so the cache is searched for the exact name only.
    const found = departments.find((department) => department.name === name);
    this.#count(cached && found !== undefined);
    return found ?? lookUpDepartment(this.prisma, name);
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

/**
 * Reads the department of that name, in any case, from the database.
 * @throws StewardError NOT_FOUND with the nearest names.
 */
export async function lookUpDepartment(
  client: Prisma.TransactionClient,
  name: string,
): Promise<NamedDepartment> {
  const found = await client.department.findFirst({ where: { name }, select: NAMED });
  if (found) return found;
  const nearest = findNearestNames(name, await client.department.findMany({ select: { name: true } }));
  throw new StewardError(
    'NOT_FOUND',
    `There is no department named "${name}". Nearest: ${nearest.map((near) => `"${near}"`).join(', ')}. list_departments shows all.`,
  );
}

function findNearestNames(name: string, departments: { name: string }[]): string[] {
  const wanted = name.toLowerCase();
  return departments
    .map((department) => ({ ...department, distance: distance(wanted, department.name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map((department) => department.name);
}
