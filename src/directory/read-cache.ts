import { LRUCache } from 'lru-cache';

/** Tells of changes that others make to users, departments and head counts. */
export interface Changes {
  onChange(callback: () => void): void;
  /** Whether the callback was called for every change that anybody was told is done before this call. */
  caughtUp(): Promise<boolean>;
}

/** For how long what was read may be kept. */
export interface Keeping {
  /** In milliseconds; 0: nothing is kept. */
  ttlMs: number;
  /** Without it, too, nothing is. */
  changes: Changes | undefined;
  /** Whether what a call reads for itself may come from a replica. */
  replicas: boolean;
}

interface ReadCacheOptions<Answer> extends Keeping {
  /** How large all that is kept may be together, by the measure of `sizeOf`. */
  maxSize: number;
  sizeOf(answer: Answer): number;
}

/** How often something was asked for, by whether it had to be read for that. */
export interface CacheUse {
  hits: number;
  misses: number;
}

/**
 * Answers of the database, by what was asked, each used only as long as it is known that nobody has changed anything
 * since it was read: no answer is older than the last change that anybody was told is done. So whoever wrote, through
 * whichever process, reads what they wrote.
 *
 * A change moves to the next generation, which begins with nothing. What is being read at that moment, and may not hold
 * the change yet, still answers those who asked before it, and is not kept.
 */
export class ReadCache<Answer extends object> {
  readonly #kept: LRUCache<string, Answer>;
  readonly #underWay = new Map<string, Promise<Answer>>();
  #generation = 0;
  #hits = 0;
  #misses = 0;

  constructor(private readonly options: ReadCacheOptions<Answer>) {
    const { ttlMs, changes, maxSize, sizeOf } = options;
    changes?.onChange(() => this.invalidate());
    this.#kept = new LRUCache({ ttl: ttlMs, maxSize, sizeCalculation: sizeOf });
  }

  get use(): CacheUse {
    return { hits: this.#hits, misses: this.#misses };
  }

  /** To be called after each write that may have changed what is kept, also a doubtful one. */
  invalidate(): void {
    this.#generation += 1;
    this.#kept.clear();
    this.#underWay.clear();
  }

  /**
   * The answer that is kept, or else that of `read`, which the same question has to ask for each time. It is shared:
   * nobody may change it.
   * @throws whatever `read` throws
   */
  async get<Asked extends Answer>(question: string, read: () => Promise<Asked>): Promise<Asked> {
    // A replica's answer may lack a commit that did not wait for the disk: good enough for this call, not for later ones.
    if (this.options.replicas) return this.#missed(read);
    const kept = this.#kept.get(question);
    if (kept && (await this.#isCurrent())) return this.#hit(kept as Asked);
    return this.#read(question, read);
  }

  /**
   * As `get`, but those who ask while it is read wait for the same answer: `read` must go on whoever of them gives up,
   * and ask the primary.
   */
  async getTogether<Asked extends Answer>(question: string, read: () => Promise<Asked>): Promise<Asked> {
    const found = this.#kept.get(question) ?? this.#underWay.get(question);
    if (found && (await this.#isCurrent())) return this.#hit((await found) as Asked);
    // Begun while we asked whether the other was current: it sees all that was there before we asked.
    const begun = this.#underWay.get(question);
    if (begun && begun !== found) return this.#hit((await begun) as Asked);
    const reading = this.#read(question, read);
    this.#underWay.set(question, reading);
    const over = () => {
      if (this.#underWay.get(question) === reading) this.#underWay.delete(question);
    };
    reading.then(over, over);
    return reading;
  }

  /** Whether what was found before this call holds every change that anybody was told is done by then. */
  async #isCurrent(): Promise<boolean> {
    const generation = this.#generation;
    return (await this.options.changes?.caughtUp()) === true && generation === this.#generation;
  }

  async #read<Asked extends Answer>(question: string, read: () => Promise<Asked>): Promise<Asked> {
    const { ttlMs, changes } = this.options;
    const generation = this.#generation;
    const answer = await this.#missed(read);
    // To lru-cache, a time to live of 0 would mean for ever.
    if (changes && ttlMs > 0 && generation === this.#generation) this.#kept.set(question, answer);
    return answer;
  }

  #missed<Asked>(read: () => Promise<Asked>): Promise<Asked> {
    this.#misses += 1;
    return read();
  }

  #hit<Asked>(answer: Asked): Asked {
    this.#hits += 1;
    return answer;
  }
}
