import { OperatorError } from '../errors.js';

/** The result of a check of a database that answers. */
export interface CheckResult {
  /** The subject of the check in a word, such as "migrations". */
  name: string;
  /** The state in a word, such as "current" or "behind". */
  state: string;
  /** The fault and its remedy; absent if the database can serve. */
  problem?: { details: string; remedy: string };
}

/** Says what is wrong and what to do. */
export function describeProblem({ name, state, problem }: CheckResult): string {
  return `the ${name} are ${state} (${problem?.details}). To fix it: ${problem?.remedy}`;
}

/** The database cannot be used until the operator does what the message says. */
export class UnusableDatabaseError extends OperatorError {
  constructor(
    message: string,
    /** `check`: the failed check, if one is the reason. */
    readonly options: { cause?: unknown; check?: CheckResult } = {},
  ) {
    super(message, { cause: options.cause });
  }
}
