/** The database cannot be served from until somebody does what the message says; trying again is of no use. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';
}
