import type { Log } from '../observability/log.js';

/** A rejection that a library does not catch must not end the server. */
export function logUnhandledRejections(log: Log): void {
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection', { cause: String(reason) }));
}
