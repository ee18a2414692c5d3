import { OperatorError } from '../../errors.js';

/** Stable: scripts may branch on them. */
type Code = 'BROKEN_FILE' | 'OTHER_ENTRY' | 'CHANGED' | 'NOT_READ' | 'NOT_WRITTEN';

/** Why the file of a client is left as it is. The message never quotes the file, since there may be a password in it. */
export class Problem extends OperatorError {
  constructor(
    readonly code: Code,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** @param line from 1 @param column from 1 */
export function brokenAt(line: number, column: number, what: string): Problem {
  return new Problem('BROKEN_FILE', `line ${line}, column ${column}: ${what}`);
}
