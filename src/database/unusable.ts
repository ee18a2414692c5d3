import type { CheckResult } from './check.js';

/** The database cannot be used until the operator does what the message says. Trying again does not help. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';

  constructor(
    message: string,
    /** `check`: the failed check, if one is the reason. */
    readonly options: { cause?: unknown; check?: CheckResult } = {},
  ) {
    super(message, { cause: options.cause });
  }

  /** Creates the error for a failed check. */
  static of(check: CheckResult): UnusableDatabaseError {
    const { details = '', remedy = 'run steward doctor' } = check.problem ?? {};
    return new UnusableDatabaseError(
      `The database's ${check.name} are ${check.state} (${details}). To fix it: ${remedy}`,
      { check },
    );
  }
}
