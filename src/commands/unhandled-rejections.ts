import type { Log } from '../observability/log.js';

/** A failed call must not take the server with it, whatever a library forgot to catch. */
export function logUnhandledRejections(log: Log): void {
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection', { cause: String(reason) }));
}
