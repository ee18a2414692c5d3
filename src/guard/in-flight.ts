import { StewardError } from '../errors.js';

const RETRY_SECONDS = 1;

/** A client's HTTP library takes a refusal for a broken server, and a burst is over in less. */
const LONGEST_WAIT_MS = 1000;

interface Waiting {
  caller: string;
  enter(): void;
}

/**
 * Calls under way. A call above a limit waits for a place, for a moment: as many may wait as may be under way, of one
 * caller and of all together; any further is refused at once.
 */
export class InFlight {
  readonly #byCaller = new Map<string, number>();
  /** In the order in which they came. For none of them there is a place. */
  readonly #queue = new Set<Waiting>();
  #total = 0;

  constructor(private readonly limits: { perCaller: number; total: number }) {}

  get total(): number {
    return this.#total;
  }

  /**
   * @returns to be called once, when the call is over
   * @throws StewardError RATE_LIMITED where the caller has too many under way, UNAVAILABLE where all together have
   */
  async enter(caller: string): Promise<() => void> {
    if (!this.#hasPlace(caller)) await this.#wait(caller);
    else this.#take(caller);
    return () => this.#leave(caller);
  }

  #hasPlace(caller: string): boolean {
    return this.#of(caller) < this.limits.perCaller && this.#total < this.limits.total;
  }

  #of(caller: string): number {
    return this.#byCaller.get(caller) ?? 0;
  }

  #take(caller: string): void {
    this.#total += 1;
    this.#byCaller.set(caller, this.#of(caller) + 1);
  }

  async #wait(caller: string): Promise<void> {
    const own = [...this.#queue].filter((waiting) => waiting.caller === caller).length;
    if (own >= this.limits.perCaller || this.#queue.size >= this.limits.total) throw this.#refusal(caller);
    await new Promise<void>((resolve, reject) => {
      const waiting = {
        caller,
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#queue.delete(waiting);
        reject(this.#refusal(caller));
      }, LONGEST_WAIT_MS);
      this.#queue.add(waiting);
    });
  }

  #leave(caller: string): void {
    this.#total -= 1;
    const left = this.#of(caller) - 1;
    if (left === 0) this.#byCaller.delete(caller);
    else this.#byCaller.set(caller, left);
    const next = [...this.#queue].find((waiting) => this.#hasPlace(waiting.caller));
    if (!next) return;
    this.#queue.delete(next);
    // The place is taken here, so that none who comes now gets it first.
    this.#take(next.caller);
    next.enter();
  }

  #refusal(caller: string): StewardError {
    const { perCaller } = this.limits;
    return this.#of(caller) >= perCaller
      ? new StewardError(
          'RATE_LIMITED',
          `More than ${perCaller} calls at once. Nothing was done. Wait for an answer before the next call.`,
          { retryAfterSeconds: RETRY_SECONDS },
        )
      : new StewardError(
          'UNAVAILABLE',
          'The server is busy with as many calls as it takes at once. Nothing was done. Try again in a second.',
          { retryAfterSeconds: RETRY_SECONDS },
        );
  }
}
