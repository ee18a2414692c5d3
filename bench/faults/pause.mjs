import { setTimeout } from 'node:timers/promises';
import { callsOf, spread } from './lab/figures.mjs';
import { AWAY, brokenInvariants, slowRecoveries, uncleanEnds } from './lab/invariants.mjs';
import { DEADLINE_MS, GRACE_MS } from './lab/limits.mjs';
import { underLoad } from './lab/load.mjs';

export const name = 'pause';
export const title = 'PostgreSQL paused (SIGSTOP) under load, and continued';

const CALM_MS = 700;
/** Longer than anybody waits. */
const PAUSE_MS = DEADLINE_MS + GRACE_MS + 500;

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const stewards = await Promise.all([lab.http(site), lab.stdio(site)]);
  /** @type {import('./lab/invariants.mjs').Window[]} */
  const windows = [];
  /** @type {number[]} */
  const recoveries = [];
  /** @type {string[]} */
  const silent = [];
  await underLoad(site, stewards, async (load) => {
    const until = performance.now() + lab.seconds * 1000;
    do {
      await setTimeout(CALM_MS);
      const from = performance.now();
      site.server.freeze();
      try {
        await setTimeout(PAUSE_MS);
      } finally {
        site.server.thaw();
      }
      const continued = performance.now();
      windows.push({ from, until: continued, codes: AWAY });
      // Whoever asked in time has been answered before PostgreSQL went on.
      const refused = load.calls.filter(
        ({ end, error }) => error !== undefined && end > from && end < continued,
      );
      for (const { name: steward } of stewards)
        if (!refused.some((call) => call.steward === steward))
          silent.push(`${steward} answered nobody during the pause`);
      recoveries.push(await load.backToNormal(continued));
    } while (performance.now() < until);
  });
  return {
    figures: [
      `${windows.length} pauses of ${PAUSE_MS / 1000} s; ${callsOf(site)}`,
      `back to normal after ${spread(recoveries)}`,
    ],
    problems: [
      ...silent,
      ...slowRecoveries(recoveries),
      ...(await brokenInvariants(site, windows)),
      ...(await uncleanEnds(site)),
    ],
  };
}
