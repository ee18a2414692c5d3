import { median } from '../quantiles.mjs';
import { pairedRatio } from './blocks.mjs';
import { STEWARD } from './servers/index.mjs';

/** At most so much of the other's, or at least. @typedef {{ most: number } | { least: number }} Target */
/**
 * The result of a figure beside one other.
 * @typedef {object} Row
 * @property {string} figure
 * @property {string} form how it was asked; empty where there is but one way
 * @property {string} against
 * @property {boolean} isMain whether the target is about this other, in any form
 * @property {Target | undefined} target
 * @property {{ median: number, low?: number, high?: number }} ratio
 * @property {string} ours the figure itself, with its unit
 * @property {string} theirs
 */
/** The name of a series, and the targets of its rows. @typedef {{ figure: string, form: string, unit: string, targets: Record<string, Target | undefined> }} Heading */

/**
 * Steward beside each of the others that were measured.
 * @param {Heading} heading `targets` names the others that the figure is about
 * @param {Map<string, number[]>} measured by server
 * @returns {Row[]}
 */
export function rowsOf({ figure, form, unit, targets }, measured) {
  const ours = measured.get(STEWARD) ?? [];
  return [...measured]
    .filter(([name]) => name !== STEWARD)
    .map(([against, theirs]) => ({
      figure,
      form,
      against,
      isMain: against in targets,
      target: targets[against],
      ratio: pairedRatio(ours, theirs),
      ours: `${digits(median(ours))} ${unit}`,
      theirs: `${digits(median(theirs))} ${unit}`,
    }));
}

/** @param {Row} row @returns {boolean | undefined} undefined where there is no target */
export function isReached({ target, ratio }) {
  if (!target) return undefined;
  return 'most' in target ? ratio.median <= target.most : ratio.median >= target.least;
}

/** Three digits that count. @param {number} value */
function digits(value) {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
