import { setTimeout } from 'node:timers/promises';
import { median } from '../quantiles.mjs';

/** @typedef {{ used: number, resident: number }} Memory in bytes: what is in use after a collection, and what the system gave */

const SAMPLES = 5;
const BETWEEN_MS = 300;

/** Medians of a few looks, as calls are under way meanwhile. @param {import('./steward-process.mjs').StewardProcess} steward @returns {Promise<Memory>} */
export async function memoryOf(steward) {
  /** @type {Memory[]} */
  const samples = [];
  for (let n = 0; n < SAMPLES; n += 1) {
    samples.push(await steward.memory());
    await setTimeout(BETWEEN_MS);
  }
  return {
    used: median(samples.map(({ used }) => used)),
    resident: median(samples.map(({ resident }) => resident)),
  };
}
