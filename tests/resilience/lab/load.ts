import { setTimeout } from 'node:timers/promises';
import type { Caller } from './client.js';
import type { Call } from './journal.js';
import { RECOVERY_MS } from './limits.js';
import { pickRequest } from './requests.js';
import type { Site, Steward } from './site.js';

const CLIENTS_OF_EACH = 6;
/** A fault is over when no call has failed for this time. */
const QUIET_MS = 500;
/** A client waits this long after a refusal. */
const AFTER_AN_ERROR_MS = 100;

type Target = Pick<Steward, 'connect'>;

/** Keeps clients at work on each of the targets while the course makes a fault. */
export async function underLoad<Result>(
  site: Site,
  targets: Target[],
  course: (load: Load) => Promise<Result>,
  clientsOfEach = CLIENTS_OF_EACH,
): Promise<Result> {
  const callers = await Promise.all(
    targets.flatMap((target) => Array.from({ length: clientsOfEach }, () => target.connect())),
  );
  const stop = new AbortController();
  const load = new Load(site, callers.length);
  const running = Promise.all(callers.map((caller, n) => runClient(site, caller, n, stop.signal)));
  try {
    const result = course(load);
    // An exception in a client ends the course at once.
    await Promise.race([result, running]);
    return await result;
  } finally {
    stop.abort();
    await running;
  }
}

async function runClient({ journal }: Site, caller: Caller, client: number, stop: AbortSignal) {
  while (!stop.aborted) {
    const { error } = await journal.call(caller, pickRequest(journal.people), client);
    if (error !== undefined) await setTimeout(AFTER_AN_ERROR_MS);
  }
}

/** The clients at work, and their calls so far. */
export class Load {
  readonly #first: number;

  constructor(
    private readonly site: Site,
    private readonly clients: number,
  ) {
    this.#first = site.journal.calls.length;
  }

  get calls(): Call[] {
    return this.site.journal.calls.slice(this.#first);
  }

  /**
   * Resolves when no call fails any more and every client has been served, with the time from `since` until then. It is
   * Infinity where that did not happen in time.
   */
  async recovery(since: number): Promise<number> {
    for (;;) {
      const took = recoveryMs(this.calls, since, this.clients);
      const passed = performance.now() - since;
      if (passed > took + QUIET_MS) return took;
      if (passed > RECOVERY_MS + QUIET_MS) return Infinity;
      await setTimeout(50);
    }
  }

  /** Resolves when a process has acknowledged so many changes. */
  async changes(steward: Steward, count: number): Promise<void> {
    const acknowledged = () =>
      this.calls.filter(
        (call) => call.kind === 'write' && call.error === undefined && call.steward === steward.name,
      );
    while (acknowledged().length < count) await setTimeout(5);
  }
}

function recoveryMs(calls: Call[], since: number, clients: number): number {
  const after = calls.filter(({ end }) => end > since);
  const failed = after.filter(({ error }) => error !== undefined).map(({ end }) => end);
  const served = Array.from(
    { length: clients },
    (_, n) =>
      after.find(({ client, error, start }) => client === n && error === undefined && start > since)?.end,
  );
  return Math.max(...failed, ...served.map((end) => end ?? Infinity)) - since;
}
