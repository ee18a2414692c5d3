import { setTimeout as delay } from 'node:timers/promises';

/** Calls back, with its name, for each signal that ends a process. */
export function onTermination(stop: (signal: string) => void): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
}

/** Closes all of them at once, and waits for that no longer than `patienceMs`: the process is about to end anyway. */
export async function closeWithin(patienceMs: number, ...open: { close(): Promise<void> }[]): Promise<void> {
  await Promise.race([
    Promise.allSettled(open.map((one) => one.close())),
    delay(patienceMs, undefined, { ref: false }),
  ]);
}
