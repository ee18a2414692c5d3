import type { Generation } from './folder/ownership.js';

/** The embedded database cannot be used. The message gives the operator the reason and the next step. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
}

/** The host is alive, but its socket could not be reached. */
export function unreachable(
  dataDir: string,
  { owner, file }: Generation,
  forMs: number,
): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `Process ${owner?.process.pid} holds the embedded database in ${dataDir} and could not be reached for ${forMs / 1000} s. ` +
      `End it and try again. If it ran in a container that is gone, remove ${file}.`,
  );
}
