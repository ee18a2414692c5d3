import { seededRandom } from '../seeded-random.mjs';

/** Draws that a seed decides. @param {number} seed */
export function createRandom(seed) {
  const next = seededRandom(seed);
  return {
    /** @param {number} below a whole number from 0 */
    below: (below) => Math.floor(next() * below),
    /** @template T @param {readonly T[]} values @returns {T} */
    pick: (values) => /** @type {T} */ (values[Math.floor(next() * values.length)]),
    /** @param {number} probability */
    chance: (probability) => next() < probability,
  };
}

/** @typedef {ReturnType<typeof createRandom>} Random */
