import { median, quantile } from '../quantiles.mjs';

/** The median of paired ratios, and what half of them lie between. @typedef {{ median: number, low: number, high: number }} Ratio */

/**
 * Measures each in turn, A B C .. C B A, so that what else the machine does hits all alike.
 * @template {{ name: string }} Who
 * @param {Who[]} all
 * @param {number} blocks
 * @param {(who: Who, block: number) => Promise<number>} measure
 * @returns {Promise<Map<string, number[]>>} by name; what stands at the same place belongs together
 */
export async function alternate(all, blocks, measure) {
  /** @type {Map<string, number[]>} */
  const measured = new Map(all.map(({ name }) => [name, []]));
  for (let block = 0; block < blocks; block += 1) {
    const inTurn = block % 2 === 0 ? all : all.toReversed();
    for (const who of inTurn) measured.get(who.name)?.push(await measure(who, block));
  }
  return measured;
}

/**
 * Two ways to do the same beside each other; a first block, which warms both up, does not count.
 * @template {{ name: string }} Way
 * @param {[ours: Way, theirs: Way]} ways
 * @param {number} blocks
 * @param {(way: Way, block: number) => Promise<number>} measure in milliseconds
 * @returns {Promise<{ ratio: Ratio, ours: string, theirs: string }>} of a row
 */
export async function comparePair(ways, blocks, measure) {
  const measured = await alternate(ways, blocks + 1, measure);
  const [ours = [], theirs = []] = ways.map(({ name }) => measured.get(name)?.slice(1));
  return { ratio: pairedRatio(ours, theirs), ours: inMs(ours), theirs: inMs(theirs) };
}

/** @param {number[]} times */
function inMs(times) {
  return `${median(times).toPrecision(3)} ms`;
}

/** @param {number[]} ours @param {number[]} theirs @returns {Ratio} */
export function pairedRatio(ours, theirs) {
  const ratios = ours.map((value, at) => value / (theirs[at] ?? Number.NaN));
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/**
 * The median time of a call, in milliseconds.
 * @template Answer
 * @param {{ first: number, calls: number, before?: (() => Promise<void>) | undefined }} block `first`: number of its first call; `before`: done before each call, and not timed
 * @param {(at: number) => Promise<Answer>} call
 * @param {(answer: Answer, at: number) => void} check not timed either
 */
export async function medianCallMs({ first, calls, before }, call, check) {
  const times = [];
  for (let at = first; at < first + calls; at += 1) {
    await before?.();
    const started = performance.now();
    const answer = await call(at);
    times.push(performance.now() - started);
    check(answer, at);
  }
  return median(times);
}
