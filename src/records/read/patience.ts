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
  const end = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  return async (read) => {
    if (end.aborted) return undefined;
    const late = new Promise<undefined>((resolve) =>
      end.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    return Promise.race([cancelledBy(end, () => read({ claims, signal: end })).catch(() => undefined), late]);
  };
}
