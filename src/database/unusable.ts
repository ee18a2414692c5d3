/** The database cannot be served from until somebody does what the message says; trying again is of no use. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';

  constructor(
    message: string,
    /** `migrations` where they are the reason. */
    readonly options: { cause?: unknown; migrations?: 'behind' | 'ahead' | 'failed' | 'superseded' } = {},
  ) {
    super(message, { cause: options.cause });
  }
}
