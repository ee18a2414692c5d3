import { distance } from 'fastest-levenshtein';
import { LRUCache } from 'lru-cache';
import { uncancelled } from '../database/cancellation.js';
import { violatedUniqueIndex } from '../database/translate-error.js';
import { StewardError } from '../errors.js';
import type { PrismaClient } from '../generated/prisma/client.js';

export interface Department {
  id: number;
  name: string;
  createdAt: string;
  /** Head count: active users. */
  active: number;
  inactive: number;
}

/** Tells of changes that others make to departments and head counts. */
export interface DepartmentChanges {
  onChange(callback: () => void): void;
  /** Whether the callback was called for every change committed before this call. */
  caughtUp(): Promise<boolean>;
}

const SUGGESTIONS = 3;

/**
 * Departments with their head counts, from a cache that one load fills however many ask at once. It is used only as long
 * as it is known that nobody has changed any since, so whoever wrote, through whichever process, reads what they wrote.
 */
export class Departments {
  /**
   * The key is a generation. A change moves to the next one, so what was loading meanwhile, and may not hold the
   * change yet, still answers those who asked before it and nobody after.
   */
  readonly #cache: LRUCache<number, Department[]>;
  #generation = 0;
  #reads = 0;
  #loads = 0;

  /**
   * @param ttlMs how long a loaded list may be served, in milliseconds; 0: it is loaded each time
   * @param changes without it, too, the list is loaded each time
   */
  constructor(
    private readonly prisma: PrismaClient,
    private readonly ttlMs: number,
    private readonly changes: DepartmentChanges | undefined,
  ) {
    changes?.onChange(() => this.invalidate());
    this.#cache = new LRUCache<number, Department[]>({
      max: 1,
      ttl: ttlMs,
      // Whoever asks first may leave; the others wait for the same load.
      fetchMethod: () => uncancelled(() => this.#load()),
      // Those who wait for a generation that is pushed out meanwhile still get it.
      ignoreFetchAbort: true,
    });
  }

  /** How often the list was read, by whether it had to be loaded for that. */
  get cacheUse(): { hits: number; misses: number } {
    return { hits: this.#reads - this.#loads, misses: this.#loads };
  }

  /** All departments by name. */
  async list(): Promise<Department[]> {
    this.#reads += 1;
    // To the cache, a time to live of 0 would mean for ever.
    if (this.ttlMs === 0 || !(await this.changes?.caughtUp())) return this.#load();
    return (await this.#cache.fetch(this.#generation)) ?? [];
  }

  /** To be called after each write that may have added a department or moved a head count, also a doubtful one. */
  invalidate(): void {
    this.#generation += 1;
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
   * The department of that name, whatever its case; always from the database, never from the cache.
   * @throws StewardError NOT_FOUND with the nearest names.
   */
  async find(name: string): Promise<{ id: number; name: string }> {
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
    this.#loads += 1;
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
