import type { ErrorCode, StewardError } from '../errors.js';
import type { Call } from './call.js';

/** The outcome of a call in one word, the same in the log, the metrics and the traces. */
export type Outcome = 'OK' | 'CANCELLED' | ErrorCode;

export type Ending = { rows: number } | { error: StewardError };

/** A cancelled call gets no answer. It counts as cancelled, not as an error. */
export function outcomeOf({ signal }: Call, ending: Ending): Outcome {
  if ('rows' in ending) return 'OK';
  return signal.aborted ? 'CANCELLED' : ending.error.code;
}
