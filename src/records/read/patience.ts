import { cancelledBy } from '../../database/cancellation.js';
import type { Reader } from '../source.js';

const PATIENCE_MS = 2000;

/** Runs a read, unless it takes too long or fails: then its result is undefined. */
export type Patience = <Result>(read: (reader: Reader) => Promise<Result>) => Promise<Result | undefined>;

/**
 * Begins the time within which all notes to an answer have to be read. They help, and must never cost the answer: neither
 * its time nor, by failing, the answer itself.
 */
export function beginPatience({ claims, signal }: Reader): Patience {
  const until = performance.now() + PATIENCE_MS;
  let end: AbortSignal | undefined;
  return async (read) => {
    // Most answers need no note, and so no timer.
    const over = (end ??= AbortSignal.any([
      signal,
      AbortSignal.timeout(Math.max(0, Math.floor(until - performance.now()))),
    ]));
    if (over.aborted) return undefined;
    const late = new Promise<undefined>((resolve) =>
      over.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    return Promise.race([
      cancelledBy(over, () => read({ claims, signal: over })).catch(() => undefined),
      late,
    ]);
  };
}
