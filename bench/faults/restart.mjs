import { setTimeout } from 'node:timers/promises';
import { callsOf, spread } from './lab/figures.mjs';
import { AWAY, brokenInvariants, slowRecoveries, uncleanEnds } from './lab/invariants.mjs';
import { underLoad } from './lab/load.mjs';

export const name = 'restart';
export const title = 'PostgreSQL stopped under load (fast, immediate) and started again';

const MODES = /** @type {const} */ (['fast', 'immediate']);
const CALM_MS = 700;
const LONGEST_OUTAGE_MS = 1500;

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const stewards = await Promise.all([lab.http(site), lab.stdio(site)]);
  /** @type {import('./lab/invariants.mjs').Window[]} */
  const windows = [];
  /** @type {number[]} */
  const recoveries = [];
  await underLoad(site, stewards, async (load) => {
    const until = performance.now() + lab.seconds * 1000;
    for (let round = 0; performance.now() < until || round < MODES.length; round += 1) {
      await setTimeout(CALM_MS);
      const from = performance.now();
      await site.server.stop(MODES[round % MODES.length]);
      await setTimeout(Math.random() * LONGEST_OUTAGE_MS);
      await site.server.start();
      const answered = performance.now();
      windows.push({ from, until: answered, codes: AWAY });
      recoveries.push(await load.backToNormal(answered));
    }
  });
  return {
    figures: [`${windows.length} restarts; ${callsOf(site)}`, `back to normal after ${spread(recoveries)}`],
    problems: [
      ...slowRecoveries(recoveries),
      ...(await brokenInvariants(site, windows)),
      ...(await uncleanEnds(site)),
    ],
  };
}
