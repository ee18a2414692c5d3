import { LRUCache } from 'lru-cache';
import type { Version } from '../database/table-version.js';

interface ReadCacheOptions<Answer> {
  /** How long an answer may be kept, in milliseconds; 0: none is. */
  ttlMs: number;
  /** Of what is read; without it, too, none is. */
  version: Version | undefined;
  /** How large all that is kept may be together, by the measure of `sizeOf`. */
  maxSize: number;
  sizeOf(answer: Answer): number;
}

/** How often something was asked for, by whether it had to be read for that. */
export interface CacheUse {
  hits: number;
  misses: number;
}

/** What was read when a version was settled. */
interface Kept<Answer> {
  version: string;
  answer: Answer;
}

/**
 * Answers of the database, by what was asked. Each is used only while it is what the database would answer: nobody can
 * tell from an answer whether it was kept.
 */
export class ReadCache<Answer extends object> {
  readonly #kept: LRUCache<string, Kept<Answer>>;
  readonly #version: Version | undefined;
  #hits = 0;
  #misses = 0;

  constructor({ ttlMs, version, maxSize, sizeOf }: ReadCacheOptions<Answer>) {
    // To lru-cache, a time to live of 0 would mean for ever.
    this.#version = ttlMs === 0 ? undefined : version;
    this.#kept = new LRUCache({ ttl: ttlMs, maxSize, sizeCalculation: ({ answer }) => sizeOf(answer) });
  }

  get use(): CacheUse {
    return { hits: this.#hits, misses: this.#misses };
  }

  /**
   * The answer that is kept, or else that of `read`, which the same question has to ask for each time. It is shared:
   * nobody may change it. Nothing that was read before this call may go into `read`, unless it is part of the question.
   * @throws whatever `read` throws
   */
  async get<Asked extends Answer>(question: string, read: () => Promise<Asked>): Promise<Asked> {
    const kept = this.#kept.get(question);
    const now = kept && (await this.#version?.now());
    if (kept && kept.version === now) {
      this.#hits += 1;
      return kept.answer as Asked;
    }
    this.#misses += 1;
    const version = await this.#version?.settled(now);
    const answer = await read();
    if (version !== undefined) this.#kept.set(question, { version, answer });
    return answer;
  }
}
