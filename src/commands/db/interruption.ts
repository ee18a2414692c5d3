import { BackupError } from '../../database/backup/errors.js';

/** Aborted by the first Ctrl-C or SIGTERM, so that what is half done is taken away; the next one ends the process. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupted.abort(new BackupError(`Interrupted by ${signal}.`)));
  return interrupted.signal;
}
