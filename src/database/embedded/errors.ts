/** The embedded database cannot be had. The message says why and what to do, and is made for the operator. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
}
