import type { ErrorCode, StewardError } from '../errors.js';
import type { Call } from './call.js';

/** How a call ended, in a word, wherever somebody looks: the log, the metrics, the traces. */
export type Outcome = 'OK' | 'CANCELLED' | ErrorCode;

export type Ending = { rows: number } | { error: StewardError };

/** Whoever cancelled gets no answer, whatever it would have been: that is told apart from an error. */
export function outcomeOf({ signal }: Call, ending: Ending): Outcome {
  if ('rows' in ending) return 'OK';
  return signal.aborted ? 'CANCELLED' : ending.error.code;
}
