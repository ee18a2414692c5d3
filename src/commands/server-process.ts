import { setTimeout as delay } from 'node:timers/promises';
import { describeError, type Log } from '../observability/log.js';
import { UNTRACED, type Tracing } from '../observability/tracing.js';
import type { Config } from '../settings/config.js';
import { VERSION } from '../version.js';

/** Traces to where the configuration says. Where it does not, nothing of OpenTelemetry is loaded. */
export async function openTracing({ tracesUrl }: Config, log: Log): Promise<Tracing> {
  if (tracesUrl === undefined) return UNTRACED;
  const { startTracing } = await import('../observability/opentelemetry.js');
  return startTracing(tracesUrl, VERSION, log);
}

/**
 * Stops, with its name, at each signal that ends a process. A rejection that a library does not catch must not end it, and
 * warnings of Node.js and of libraries are lines of the log, too.
 */
export function onProcessEvents(log: Log, stop: (signal: string) => void): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn('process warning', { cause: describeError(warning, 1) }));
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection', { cause: String(reason) }));
}

/** Closes all of them at once, and waits for that no longer than `patienceMs`: the process is about to end anyway. */
export async function closeWithin(patienceMs: number, ...open: { close(): Promise<void> }[]): Promise<void> {
  await Promise.race([
    Promise.allSettled(open.map((one) => one.close())),
    delay(patienceMs, undefined, { ref: false }),
  ]);
}
