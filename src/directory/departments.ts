import { distance } from 'fastest-levenshtein';
import { uncancelled } from '../database/cancellation.js';
import { SharedRound } from '../database/shared-round.js';
import { violatedUniqueIndex } from '../database/errors.js';
import { StewardError } from '../errors.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { CacheSettings } from './cache-settings.js';
import { ReadCache, type CacheUse } from './read-cache.js';

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

/** Departments with their head counts, from a cache that one load at a time fills, however many ask. */
export class Departments {
  readonly #lists: ReadCache<Department[]>;
  readonly #named: ReadCache<Named>;
  readonly #round = new SharedRound(() => this.#current());
  readonly #use: CacheUse = { hits: 0, misses: 0 };

  constructor(
    private readonly prisma: PrismaClient,
    { ttlMs, versions, replicas }: CacheSettings,
  ) {
    const limits = { ttlMs, maxSize: MOST_KEPT };
    // Loaded for no call in particular, and so from the primary.
    this.#lists = new ReadCache({
      ...limits,
      version: versions?.directory,
      sizeOf: (list) => list.length + 1,
    });
    this.#named = new ReadCache({
      ...limits,
      version: replicas ? undefined : versions?.departments,
      sizeOf: () => 1,
    });
  }

  /** How often the list was given, by whether it had to be loaded for that; of those who share a load, one missed. */
  get cacheUse(): CacheUse {
    return this.#use;
  }

  /** All departments by name. */
  async list(): Promise<Department[]> {
    const answer = await this.#round.join();
    this.#use[answer.loaded ? 'misses' : 'hits'] += 1;
    answer.loaded = false;
    return answer.list;
  }

  /** Whoever asks first may leave while others wait for the same load: it ends with none of them. */
  async #current(): Promise<{ list: Department[]; loaded: boolean }> {
    let loaded = false;
    const list = await this.#lists.get('all', () => {
      loaded = true;
      return uncancelled(() => this.#load());
    });
    return { list, loaded };
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
