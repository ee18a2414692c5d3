import { distance } from 'fastest-levenshtein';
import { uncancelled } from '../database/cancellation.js';
import { violatedUniqueIndex } from '../database/translate-error.js';
import { StewardError } from '../errors.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { ReadCache, type CacheUse, type Keeping } from './read-cache.js';

export interface Department {
  id: number;
  name: string;
  createdAt: string;
  /** Head count: active users. */
  active: number;
  inactive: number;
}

/** What `find` tells of a department. */
interface Named {
  id: number;
  name: string;
}

const SUGGESTIONS = 3;

const MOST_KEPT = 10_000;

/** Departments with their head counts, from a cache that one load fills however many ask at once. */
export class Departments {
  readonly #lists: ReadCache<Department[]>;
  readonly #named: ReadCache<Named>;

  constructor(
    private readonly prisma: PrismaClient,
    keeping: Keeping,
  ) {
    this.#lists = new ReadCache({ ...keeping, maxSize: MOST_KEPT, sizeOf: (list) => list.length + 1 });
    this.#named = new ReadCache({ ...keeping, maxSize: MOST_KEPT, sizeOf: () => 1 });
  }

  /** How often the list was asked for, by whether it had to be loaded for that. */
  get cacheUse(): CacheUse {
    return this.#lists.use;
  }

  /** All departments by name. */
  async list(): Promise<Department[]> {
    // Whoever asks first may leave; the others wait for the same load.
    return this.#lists.getTogether('all', () => uncancelled(() => this.#load()));
  }

  /** To be called after each write that may have added a department or moved a head count, also a doubtful one. */
  invalidate(): void {
    this.#lists.invalidate();
    this.#named.invalidate();
  }

  /** @throws StewardError CONFLICT when the name is taken, whatever its case. */
  async create(name: string, signal: AbortSignal): Promise<{ id: number; name: string; createdAt: string }> {
    signal.throwIfAborted();
    try {
      const { id, createdAt } = await this.prisma.department.create({ data: { name } });
      return { id, name, createdAt: createdAt.toISOString() };
    } catch (error) {
      if (violatedUniqueIndex(error) !== 'departments_name_key') throw error;
      throw new StewardError(
        'CONFLICT',
        `A department named "${name}" exists already. Use it, or choose another name.`,
      );
    } finally {
      this.invalidate();
    }
  }

  /**
   * The department of that name, whatever its case.
   * @throws StewardError NOT_FOUND with the nearest names.
   */
  async find(name: string): Promise<Named> {
    return this.#named.get(name, () => this.#find(name));
  }

  async #find(name: string): Promise<Named> {
    const found = await this.prisma.department.findFirst({
      where: { name },
      select: { id: true, name: true },
    });
    if (found) return found;
    const nearest = await this.#nearest(name);
    throw new StewardError(
      'NOT_FOUND',
      `There is no department named "${name}". Nearest: ${nearest.map((near) => `"${near}"`).join(', ')}. list_departments shows all.`,
    );
  }

  async #nearest(name: string): Promise<string[]> {
    const wanted = name.toLowerCase();
    const ranked = (await this.list()).map((department) => ({
      name: department.name,
      distance: distance(wanted, department.name.toLowerCase()),
    }));
    return ranked
      .toSorted((a, b) => a.distance - b.distance)
      .slice(0, SUGGESTIONS)
      .map((department) => department.name);
  }

  async #load(): Promise<Department[]> {
    const [departments, headcounts] = await Promise.all([
      this.prisma.department.findMany({ orderBy: { name: 'asc' } }),
      this.prisma.headcount.groupBy({ by: ['departmentId', 'active'], _sum: { users: true } }),
    ]);
    const count = (departmentId: number, active: boolean) =>
      headcounts.find((row) => row.departmentId === departmentId && row.active === active)?._sum.users ?? 0;
    return departments.map(({ id, name, createdAt }) => ({
      id,
      name,
      createdAt: createdAt.toISOString(),
      active: count(id, true),
      inactive: count(id, false),
    }));
  }
}
