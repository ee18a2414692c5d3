import { StewardError } from '../errors.js';

const RETRY_SECONDS = 1;

/** Calls under way. There is no queue: a call above the limit is refused at once. */
export class InFlight {
  readonly #byCaller = new Map<string, number>();
  #total = 0;

  constructor(private readonly limits: { perCaller: number; total: number }) {}

  get total(): number {
    return this.#total;
  }

  /**
   * @returns to be called once, when the call is over
   * @throws StewardError RATE_LIMITED where the caller has too many under way, UNAVAILABLE where all together have
   */
  enter(caller: string): () => void {
    const { perCaller, total } = this.limits;
    const own = this.#byCaller.get(caller) ?? 0;
    if (own >= perCaller) {
      throw new StewardError(
        'RATE_LIMITED',
        `More than ${perCaller} calls at once. Nothing was done. Wait for an answer before the next call.`,
        { retryAfterSeconds: RETRY_SECONDS },
      );
    }
    if (this.#total >= total) {
      throw new StewardError(
        'UNAVAILABLE',
        'The server is busy with as many calls as it takes at once. Nothing was done. Try again in a second.',
        { retryAfterSeconds: RETRY_SECONDS },
      );
    }
    this.#total += 1;
    this.#byCaller.set(caller, own + 1);
    return () => {
      this.#total -= 1;
      const left = (this.#byCaller.get(caller) ?? 1) - 1;
      if (left === 0) this.#byCaller.delete(caller);
      else this.#byCaller.set(caller, left);
    };
  }
}
