import { EmbeddedDatabaseError } from './errors.js';
import type { Owner } from './folder/owner.js';

export function otherVersion({ process }: Owner): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `Another version of Steward uses the embedded database (process ${process.pid}). Close it, and try again in a minute.`,
  );
}

/** @param silenceMs for how long it has said nothing */
export function silent(
  dataDir: string,
  { process: { pid } }: Owner,
  silenceMs: number,
): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `Process ${pid} holds the embedded database in ${dataDir} and has not answered for ${silenceMs / 1000} s: it is busy or frozen. ` +
      `Wait and try again, or end it with "kill -9 ${pid}"; what was saved stays saved.`,
  );
}

export function inUse(dataDir: string, { process }: Owner): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The embedded database in ${dataDir} is in use (process ${process.pid}). ` +
      'Close every MCP client that has a Steward on it, and try again. Nothing was changed.',
  );
}
