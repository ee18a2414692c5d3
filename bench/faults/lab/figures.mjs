import { median } from '../../quantiles.mjs';

/** @typedef {import('./site.mjs').Site} Site */

/** What was asked, and how it ended. @param {Site[]} sites @returns {string} */
export function callsOf(...sites) {
  const calls = sites.flatMap(({ journal }) => journal.calls);
  const writes = sites.flatMap(({ journal }) => journal.writes);
  const acknowledged = writes.filter(({ state, change }) => state === 'acknowledged' && change !== null);
  /** @type {Record<string, number>} */
  const errors = {};
  for (const { error } of calls) if (error !== undefined) errors[error] = (errors[error] ?? 0) + 1;
  const refused = Object.entries(errors).map(([error, count]) => `${count} ${error}`);
  return `${calls.length} calls, ${acknowledged.length} changes acknowledged; ${refused.join(', ') || 'no error'}`;
}

/** The middle and the largest of some times. @param {number[]} times in milliseconds */
export function spread(times) {
  const most = times.length > 0 ? Math.max(...times) : Number.NaN;
  return `${Math.round(median(times))} ms, at most ${Math.round(most)} ms`;
}
