import { progress } from '../progress.mjs';

/** At most so much of the other's, or at least. @typedef {{ most: number } | { least: number }} Target */
/**
 * The result of a figure beside one other.
 * @typedef {object} Row
 * @property {string} figure
 * @property {string} form how it was asked; empty where there is but one way
 * @property {string} against
 * @property {boolean} isMain whether the target is about this other, in any form
 * @property {Target | undefined} target
 * @property {{ median: number, low?: number, high?: number }} ratio of pairs, and what half of them lie between
 * @property {string} ours the figure itself, with its unit
 * @property {string} theirs
 */
/**
 * What a series of rows is about. `targets` names the others that the figure is about.
 * @typedef {{ figure: string, form: string, unit: string, targets: Record<string, Target | undefined> }} Heading
 */

/**
 * Measures each in turn, A B C .. C B A, so that what else the machine does hits all alike. A first block, which warms
 * all up, does not count.
 * @template {{ name: string }} Who
 * @param {Heading} heading
 * @param {Who[]} all the first of them is what the others are compared with
 * @param {number} blocks
 * @param {(who: Who, block: number) => Promise<number>} measure
 */
export async function compare(heading, all, blocks, measure) {
  progress([heading.figure, heading.form].filter(Boolean).join(', '));
  /** @type {Map<string, number[]>} */
  const measured = new Map(all.map(({ name }) => [name, []]));
  for (let block = 0; block <= blocks; block += 1) {
    for (const who of block % 2 === 0 ? all : all.toReversed()) {
      const value = await measure(who, block);
      if (block > 0) measured.get(who.name)?.push(value);
    }
  }
  return rowsOf(heading, measured);
}

/**
 * The first beside each of the others that were measured; what stands at the same place belongs together.
 * @param {Heading} heading
 * @param {Map<string, number[]>} measured by name
 * @returns {Row[]}
 */
export function rowsOf({ figure, form, unit, targets }, measured) {
  const [[, ours] = ['', []], ...others] = measured;
  const said = (/** @type {number[]} */ values) => `${digits(median(values))} ${unit}`.trim();
  return others.map(([against, theirs]) => {
    const ratios = ours.map((value, at) => value / (theirs[at] ?? Number.NaN));
    // Of one measurement, there is no spread to tell of.
    const spread = ratios.length > 1 && { low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
    const ratio = { median: median(ratios), ...spread };
    const aim = { isMain: against in targets, target: targets[against] };
    return { figure, form, against, ...aim, ratio, ours: said(ours), theirs: said(theirs) };
  });
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

const AT_ONCE = 32;

/**
 * Calls a second, 32 at once.
 * @template Answer
 * @param {{ first: number, calls: number }} block `first`: number of its first call
 * @param {(at: number) => Promise<Answer>} call
 * @param {(answer: Answer, at: number) => void} check after all, and not timed
 */
export async function callsASecond({ first, calls }, call, check) {
  /** @type {[Answer, number][]} */
  const answers = [];
  let next = first;
  const work = async () => {
    while (next < first + calls) {
      const at = next++;
      answers.push([await call(at), at]);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const seconds = (performance.now() - started) / 1000;
  for (const answer of answers) check(...answer);
  return calls / seconds;
}

/** @param {number[]} values @param {number} share of the values that are below */
function quantile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

/** @param {number[]} values */
const median = (values) => quantile(values, 0.5);

/** Three digits that count. @param {number} value */
const digits = (value) => (value >= 100 ? String(Math.round(value)) : value.toPrecision(3));
