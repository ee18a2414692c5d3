import { setTimeout } from 'node:timers/promises';
import { outagesUnderLoad } from './lab/outages.mjs';

export const name = 'restart';
export const title = 'PostgreSQL stopped under load (fast, immediate) and started again';

const MODES = /** @type {const} */ (['fast', 'immediate']);
const LONGEST_OUTAGE_MS = 1500;

/** @param {import('./lab/lab.mjs').Lab} lab */
export function run(lab) {
  return outagesUnderLoad(lab, (count) => `${count} restarts`, restart, MODES.length);
}

/** @param {import('./lab/outages.mjs').Scene} scene @returns {Promise<string[]>} */
async function restart({ site, round }) {
  await site.server.stop(MODES[round % MODES.length]);
  await setTimeout(Math.random() * LONGEST_OUTAGE_MS);
  await site.server.start();
  return [];
}
