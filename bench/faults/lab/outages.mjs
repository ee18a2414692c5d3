import { setTimeout } from 'node:timers/promises';
import { callsOf, spread } from './figures.mjs';
import { AWAY, brokenInvariants, slowRecoveries, uncleanEnds } from './invariants.mjs';
import { underLoad } from './load.mjs';

const CALM_MS = 700;

/**
 * What an outage is made of.
 * @typedef {object} Scene
 * @property {import('./site.mjs').Site} site
 * @property {{ name: string }[]} stewards who are under load
 * @property {import('./load.mjs').Load} load
 * @property {number} round from 0
 * @property {number} from when the outage begins, by performance.now()
 */

/**
 * Makes outages, one after the other, under load over HTTP and stdio, until the time is up.
 * @param {import('./lab.mjs').Lab} lab
 * @param {(count: number) => string} told what they were, for the report
 * @param {(scene: Scene) => Promise<string[]>} outage resolves, with what was wrong meanwhile, when it is over
 * @param {number} atLeast how many, however little time there is
 * @returns {Promise<import('../main.mjs').Result>}
 */
export async function outagesUnderLoad(lab, told, outage, atLeast = 1) {
  const site = await lab.site();
  const stewards = await Promise.all([lab.http(site), lab.stdio(site)]);
  /** @type {import('./invariants.mjs').Window[]} */
  const windows = [];
  /** @type {number[]} */
  const recoveries = [];
  /** @type {string[]} */
  const problems = [];
  await underLoad(site, stewards, async (load) => {
    const end = performance.now() + lab.seconds * 1000;
    for (let round = 0; performance.now() < end || round < atLeast; round += 1) {
      await setTimeout(CALM_MS);
      const from = performance.now();
      problems.push(...(await outage({ site, stewards, load, round, from })));
      const until = performance.now();
      windows.push({ from, until, codes: AWAY });
      recoveries.push(await load.backToNormal(until));
    }
  });
  return {
    figures: [`${told(windows.length)}; ${callsOf(site)}`, `back to normal after ${spread(recoveries)}`],
    problems: [
      ...problems,
      ...slowRecoveries(recoveries),
      ...(await brokenInvariants(site, windows)),
      ...(await uncleanEnds(site)),
    ],
  };
}
