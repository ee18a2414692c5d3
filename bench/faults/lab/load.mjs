import { setTimeout } from 'node:timers/promises';
import { ask, runClient } from '../../load/client.mjs';
import { RoundRobin } from '../../load/round-robin.mjs';
import { recoveryMs } from '../../load/errors.mjs';
import { StewardProcess } from '../../load/steward-process.mjs';
import { RECOVERY_MS } from './limits.mjs';

/** @typedef {import('./site.mjs').Site} Site */
/** @typedef {import('./site.mjs').Steward} Steward */

const CLIENTS_OF_EACH = 6;
/** So long nothing may have failed for a fault to be over, in milliseconds. */
const QUIET_MS = 500;
const BETWEEN_LOOKS_MS = 50;

/**
 * Keeps clients at work on each of the processes while something is done to them or to the database.
 * @template Result
 * @param {Site} site
 * @param {Steward[]} stewards
 * @param {(load: Load) => Promise<Result>} course
 * @returns {Promise<Result>} what the course came to
 */
export async function underLoad(site, stewards, course) {
  const stop = new AbortController();
  const { journal, people } = site;
  const first = journal.calls.length;
  const clients = stewards.flatMap((steward) => Array.from({ length: CLIENTS_OF_EACH }, () => steward));
  const running = Promise.all(
    clients.map((steward, number) =>
      runClient(number, { balancer: takerOf(steward), people, journal, signal: stop.signal }),
    ),
  );
  try {
    const result = course(new Load(site, clients.length, first));
    // A client that breaks ends the whole at once.
    await Promise.race([result, running]);
    return await result;
  } finally {
    stop.abort();
    await running;
  }
}

/** One process as whoever takes calls. @param {Steward} steward @returns {import('../../load/answer.mjs').Taker} */
export function takerOf(steward) {
  return steward instanceof StewardProcess ? new RoundRobin([steward]) : steward;
}

/** The number of a client beside those at work. */
const ANOTHER = 1000;

/**
 * Asks one question, which goes into the journal with all others.
 * @param {Site} site @param {Steward} steward @param {import('../../load/reads.mjs').Question} question
 * @returns {Promise<{ answer: import('../../load/answer.mjs').Answer, ms: number }>} and how long that took
 */
export async function askOnce({ people, journal }, steward, question) {
  const start = performance.now();
  const answer = await ask(ANOTHER, question, { balancer: takerOf(steward), people, journal });
  return { answer, ms: performance.now() - start };
}

/** Clients at work. */
export class Load {
  /** @param {Site} site @param {number} clients @param {number} first place of their first call in the journal */
  constructor(site, clients, first) {
    this.site = site;
    this.clients = clients;
    this.first = first;
  }

  get calls() {
    return this.site.journal.calls.slice(this.first);
  }

  /** Resolves when every client has been served since then and no call failed for a while. @param {number} since @returns {Promise<number>} how long after `since` that was the case, in milliseconds; Infinity where it never was */
  async backToNormal(since) {
    for (;;) {
      const took = recoveryMs(this.calls, { answered: since }, this.clients);
      const now = performance.now();
      if (now - since > took + QUIET_MS) return took;
      if (now - since > RECOVERY_MS + QUIET_MS) return Infinity;
      await setTimeout(BETWEEN_LOOKS_MS);
    }
  }

  /** Resolves when a process has given its first answer. @param {Steward} steward @returns {Promise<number>} when that was */
  async firstAnswerOf(steward) {
    for (;;) {
      const answered = this.calls.find((call) => call.steward === steward.name && call.error === undefined);
      if (answered) return answered.end;
      await setTimeout(5);
    }
  }

  /** Resolves when a process has acknowledged so many writes. @param {Steward} steward @param {number} count */
  async changesOf(steward, count) {
    const isOne = (/** @type {import('../../load/journal.mjs').Call} */ { kind, error, steward: by }) =>
      kind === 'write' && error === undefined && by === steward.name;
    while (this.calls.filter(isOne).length < count) await setTimeout(5);
  }
}
