import { setTimeout } from 'node:timers/promises';
import { DEADLINE_MS, GRACE_MS } from './lab/limits.mjs';
import { outagesUnderLoad } from './lab/outages.mjs';

export const name = 'pause';
export const title = 'PostgreSQL paused (SIGSTOP) under load, and continued';

/** Longer than anybody waits. */
const PAUSE_MS = DEADLINE_MS + GRACE_MS + 500;

/** @param {import('./lab/lab.mjs').Lab} lab */
export function run(lab) {
  return outagesUnderLoad(lab, (count) => `${count} pauses of ${PAUSE_MS / 1000} s`, pause);
}

/** @param {import('./lab/outages.mjs').Scene} scene */
async function pause({ site, stewards, load, from }) {
  site.server.freeze();
  try {
    await setTimeout(PAUSE_MS);
  } finally {
    site.server.thaw();
  }
  const continued = performance.now();
  // Whoever asked in time has been answered before PostgreSQL went on.
  const refused = load.calls.filter(({ end, error }) => error !== undefined && end > from && end < continued);
  return stewards
    .filter(({ name: steward }) => !refused.some((call) => call.steward === steward))
    .map(({ name: steward }) => `${steward} answered nobody during the pause`);
}
