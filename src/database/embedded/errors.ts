import type { Owner } from './folder/owner.js';
import { UnusableDatabaseError } from '../check.js';

/** The embedded database cannot be used. The message gives the operator the reason and the next step. */
export class EmbeddedDatabaseError extends UnusableDatabaseError {}

export function otherVersion({ process }: Owner): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `Another version of Steward uses the embedded database (process ${process.pid}). Close it, and try again in a minute.`,
  );
}

/** The host of the database has not answered. */
export class SilentHostError extends EmbeddedDatabaseError {}

export function silent(dataDir: string, { process: { pid } }: Owner, forMs: number): SilentHostError {
  return new SilentHostError(
    `Process ${pid} holds the embedded database in ${dataDir} and has not answered for ${forMs / 1000} s: it is busy or frozen. ` +
      `Wait and try again, or end it with "kill -9 ${pid}"; what was saved stays saved.`,
  );
}

/** The database has other clients. */
export class InUseError extends EmbeddedDatabaseError {}

export function inUse(dataDir: string, { process }: Owner): InUseError {
  return new InUseError(
    `The embedded database in ${dataDir} is in use (process ${process.pid}). ` +
      'Close every MCP client that has a Steward on it, and try again. Nothing was changed.',
  );
}
