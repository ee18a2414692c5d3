import { OperatorError } from '../../errors.js';

// A closed stderr loses the messages, but does not end the backup.
process.stderr.on('error', () => {});

/** Writes a message for the person at the terminal. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The first Ctrl-C, SIGTERM or SIGHUP aborts this signal, so that work is cleaned up. A second one ends the process. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupted.abort(new OperatorError(`Interrupted by ${signal}.`)));
  return interrupted.signal;
}
