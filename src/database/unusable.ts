import type { CheckResult } from './check.js';

/** The database cannot be served from until the operator does what the message says; trying again is of no use. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';

  constructor(
    message: string,
    /** `check`: the result that is the reason, where one is. */
    readonly options: { cause?: unknown; check?: CheckResult } = {},
  ) {
    super(message, { cause: options.cause });
  }

  /** For a database that is not what its check expects. */
  static of(check: CheckResult): UnusableDatabaseError {
    const { details = '', remedy = 'run steward doctor' } = check.problem ?? {};
    return new UnusableDatabaseError(
      `The database's ${check.name} are ${check.state} (${details}). To fix it: ${remedy}`,
      { check },
    );
  }
}
