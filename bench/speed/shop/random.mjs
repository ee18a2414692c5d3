import { seededRandom } from '../../../scripts/seeded-random.mjs';
import { DAYS, FIRST_DAY } from './fill.mjs';

/** What is drawn from a seed, and the same each time. @typedef {ReturnType<typeof draw>} Draw */

/** @param {number} seed */
export function draw(seed) {
  const next = seededRandom(seed);
  /** A whole number from `least` to `most`. @param {number} least @param {number} most */
  const whole = (least, most) => least + Math.floor(next() * (most - least + 1));
  return {
    whole,
    /** @template Item @param {readonly Item[]} items */
    one: (items) => /** @type {Item} */ (items[whole(0, items.length - 1)]),
    /** So many of them, each once. @template Item @param {readonly Item[]} items @param {number} count */
    some: (items, count) =>
      items
        .map((item) => /** @type {const} */ ([next(), item]))
        .toSorted(([a], [b]) => a - b)
        .slice(0, count)
        .map(([, item]) => item),
    /** @param {number} least @param {number} most */
    amount: (least, most) => (whole(least * 100, most * 100 - 1) / 100).toFixed(2),
    /** A moment at which orders were placed: after `from` of their days, and before `to` of them. @param {number} from @param {number} to */
    moment: (from = 0, to = 1) =>
      new Date(
        Date.parse(FIRST_DAY) + whole(from * DAYS * 1440, to * DAYS * 1440 - 1) * 60_000,
      ).toISOString(),
  };
}
