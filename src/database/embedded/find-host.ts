import { setTimeout as delay } from 'node:timers/promises';
import { Lease } from './control/lease.js';
import { CONTROL_PROTOCOL } from './control/messages.js';
import { EmbeddedDatabaseError } from './errors.js';
import { layout } from './folder/data-folder.js';
import type { Owner } from './folder/owner.js';
import { currentGeneration, type Generation } from './folder/ownership.js';
import { otherVersion, silent } from './owner-errors.js';
import { startHost, type StartedHost } from './start-host.js';

/** How long a host may give no sign of life. */
const PATIENCE_MS = 45_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
const MOST_FAILURES = 3;

export interface FoundHost {
  lease: Lease;
  /** The folder of the PostgreSQL socket. */
  folder: string;
}

/**
 * Takes a lease from the folder's host, starting one if none is alive. Many may do so at once: the hosts they start
 * settle among themselves which one stays.
 * @param lingerMs how long a host that is started here stays without a connection
 * @param signal gives up early
 * @throws EmbeddedDatabaseError if no host answers in time, or none can be started
 */
export async function findHost(
  dataDir: string,
  lingerMs: number,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<FoundHost> {
  const begun = Date.now();
  let child: StartedHost | undefined;
  let failures = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const current = await currentGeneration(dataDir);
    const owner = current?.owner?.released ? undefined : current?.owner;
    const started = child !== undefined && owner?.process.pid === child.pid;
    const lease =
      owner && (await leaseFrom(owner, dataDir, started ? onProgress : waiting(owner, onProgress), signal));
    if (signal.aborted) await lease?.end();
    signal.throwIfAborted();
    if (owner && lease) return { lease, folder: owner.folder };

    if (child?.ended && !lostToAnother(child) && ++failures > MOST_FAILURES)
      throw cannotStart(child, dataDir);
    if (Date.now() - begun > PATIENCE_MS) throw unanswered(dataDir, current);
    if (!child) onProgress('starting the embedded database');
    if (!child || child.ended) child = startHost(dataDir, lingerMs);
    await delay(pause);
  }
}

/** A lease from an owner that serves; undefined if it is dead or about to be. */
async function leaseFrom(
  owner: Owner,
  dataDir: string,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const lease = await Lease.connect(owner.control);
  if (!lease) return undefined;
  const giveUp = () => void lease.end();
  signal.addEventListener('abort', giveUp);
  try {
    if (owner.protocol !== CONTROL_PROTOCOL) throw otherVersion(owner);
    const outcome = await lease.untilReady(PATIENCE_MS, onProgress);
    if (outcome === 'ready') return lease;
    if (outcome === 'silent') throw silent(dataDir, owner, PATIENCE_MS);
    return undefined;
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function waiting(owner: Owner, onProgress: (text: string) => void): (text: string) => void {
  return (text) => onProgress(`waiting for process ${owner.process.pid}: ${text}`);
}

/** A host that finds another alive leaves at once, satisfied. */
function lostToAnother(child: StartedHost): boolean {
  return child.ended?.code === 0;
}

function cannotStart({ ended }: StartedHost, dataDir: string): EmbeddedDatabaseError {
  if (ended?.error?.code === 'ENOENT') {
    return new EmbeddedDatabaseError(
      'The embedded database needs a `node` program, version 20.19 or newer, in the PATH. Install Node.js, or set DATABASE_URL.',
      { cause: ended.error },
    );
  }
  return new EmbeddedDatabaseError(
    `The embedded database in ${dataDir} cannot be started (exit status ${ended?.code ?? 'unknown'}). The reason is in ${layout(dataDir).log}.`,
    { cause: ended?.error },
  );
}

function unanswered(dataDir: string, current: Generation | undefined): EmbeddedDatabaseError {
  if (!current?.owner)
    return new EmbeddedDatabaseError(
      `No embedded database came up in ${dataDir} within ${PATIENCE_MS / 1000} s.`,
    );
  return new EmbeddedDatabaseError(
    `Process ${current.owner.process.pid} holds the embedded database in ${dataDir} and could not be reached for ${PATIENCE_MS / 1000} s. ` +
      `End it and try again. If it ran in a container that is gone, remove ${current.file}.`,
  );
}
