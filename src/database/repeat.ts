import { setTimeout as delay } from 'node:timers/promises';
import { databaseCode } from './errors.js';

/**
 * The database undid all of it, so nothing is done twice: a conflict of transactions, a deadlock, a statement that was
 * prepared before its tables changed. A lost connection is none of them: a COMMIT may have succeeded.
 */
const UNDONE = /^(40001|40P01|0A000)$/;
const MOST_REPEATS = 3;
const LONGEST_PAUSE_MS = 40;

/**
 * Runs a statement or a whole transaction, and runs it again, a few times, where the database undid it for the sake of
 * another one.
 */
export async function repeatUndone<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let repeats = 0; ; repeats++) {
    try {
      return await work();
    } catch (error) {
      if (repeats === MOST_REPEATS || !UNDONE.test(databaseCode(error) ?? '')) throw error;
      // At random, so that the two do not meet again.
      await delay(Math.random() * LONGEST_PAUSE_MS * (repeats + 1));
    }
  }
}
