import { StewardError } from '../errors.js';
import type { SessionConfig } from '../settings/config.js';

/**
 * Bounds the connections of a pool that writes hold. A write may wait for a lock that another client holds, and with all
 * connections waiting no client could read. A write that finds no place waits for one without a connection.
 */
export class WriteShare {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #patienceMs: number;

  /** Of the connections at least one, and of many a quarter, is left to reads. */
  constructor({ max, acquireTimeoutMs }: Pick<SessionConfig['pool'], 'max' | 'acquireTimeoutMs'>) {
    this.#free = max - Math.max(1, Math.floor(max / 4));
    this.#patienceMs = acquireTimeoutMs;
  }

  /** Writes that wait for a place. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs a write that holds no more than one connection at a time.
   * @throws StewardError TIMEOUT where it could not begin, and all errors of the write
   */
  async run<Result>(signal: AbortSignal, write: () => Promise<Result>): Promise<Result> {
    await this.#enter(signal);
    try {
      return await write();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => settle(resolve);
      const giveUp = () =>
        settle(() =>
          reject(
            new StewardError(
              'TIMEOUT',
              'All database connections for changes are busy. Nothing was changed. Try again in a few seconds.',
            ),
          ),
        );
      const timer = setTimeout(giveUp, this.#patienceMs);
      const settle = (end: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        const at = this.#waiting.indexOf(enter);
        if (at !== -1) this.#waiting.splice(at, 1);
        end();
      };
      signal.addEventListener('abort', giveUp);
      this.#waiting.push(enter);
    });
  }
}
