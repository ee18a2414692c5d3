import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { UnusableDatabaseError } from '../check.js';
import { layout } from './folder/data-folder.js';
import { currentGeneration } from './folder/ownership.js';
import { connectToHost, endLease, unreachable } from './host-client.js';
import type { StartedHost } from './start-host.js';
import { DATABASE } from './wire/startup.js';

/** Longest silence of a host. */
const PATIENCE_MS = 45_000;
const PAUSE_MS = 50;
const MOST_FAILURES = 3;

/**
 * Takes a lease from the folder's host, and starts a host if none is alive. Many processes may do so at once: of the
 * hosts that they start, one becomes the owner and the others exit.
 * @param onProgress called with one line of progress for the operator
 * @param signal ends the attempt
 * @throws UnusableDatabaseError if no host answers in time, or none can be started
 */
export async function findHost(
  dataDir: string,
  start: () => StartedHost,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<pg.Client> {
  const begun = Date.now();
  let child: StartedHost | undefined;
  let failures = 0;
  for (;;) {
    const current = await currentGeneration(dataDir);
    const owner = current?.owner?.released ? undefined : current?.owner;
    const others =
      owner && owner.process.pid !== child?.pid ? `waiting for process ${owner.process.pid}: ` : '';
    const lease =
      owner &&
      (await connectToHost(owner, dataDir, DATABASE, PATIENCE_MS, {
        onProgress: (text) => onProgress(others + text),
        signal,
      }));
    if (lease && signal.aborted) endLease(lease);
    signal.throwIfAborted();
    if (lease) return lease;

    // A host that finds another owner alive exits with status 0.
    if (child?.ended && child.ended.code !== 0 && ++failures > MOST_FAILURES)
      throw cannotStart(child, dataDir);
    if (Date.now() - begun > PATIENCE_MS) {
      if (current?.owner) throw unreachable(dataDir, current, PATIENCE_MS);
      throw new UnusableDatabaseError(
        `No embedded database came up in ${dataDir} within ${PATIENCE_MS / 1000} s. Try again; ${layout(dataDir).log} may say why.`,
      );
    }
    if (!child) onProgress('starting the embedded database');
    if (!child || child.ended) child = start();
    await delay(PAUSE_MS);
  }
}

function cannotStart({ ended }: StartedHost, dataDir: string): UnusableDatabaseError {
  return new UnusableDatabaseError(
    `The embedded database in ${dataDir} cannot be started (${ended?.error?.message ?? `exit status ${ended?.code}`}). The reason is in ${layout(dataDir).log}.`,
    { cause: ended?.error },
  );
}
