import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { callsOf, spread } from './lab/figures.mjs';
import { AWAY, brokenInvariants, slowRecoveries, uncleanEnds } from './lab/invariants.mjs';
import { underLoad } from './lab/load.mjs';

export const name = 'connections';
export const title = 'PostgreSQL out of connections under load';

const CALM_MS = 700;
const OUTAGE_MS = 2000;

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const stewards = await Promise.all([lab.http(site), lab.stdio(site)]);
  /** @type {import('./lab/invariants.mjs').Window[]} */
  const windows = [];
  /** @type {number[]} */
  const recoveries = [];
  /** @type {string[]} */
  const failures = [];
  await underLoad(site, stewards, async (load) => {
    const until = performance.now() + lab.seconds * 1000;
    do {
      await setTimeout(CALM_MS);
      const from = performance.now();
      const hogs = await takeEveryConnection(site);
      try {
        await setTimeout(OUTAGE_MS);
        if (!load.calls.some(({ start, error }) => start > from && error !== undefined))
          failures.push('nobody noticed that there were no connections: the fault was not made');
      } finally {
        await Promise.all(hogs.map((hog) => hog.end()));
      }
      const released = performance.now();
      windows.push({ from, until: released, codes: AWAY });
      recoveries.push(await load.backToNormal(released));
    } while (performance.now() < until);
  });
  return {
    figures: [
      `${windows.length} times none for ${OUTAGE_MS / 1000} s; ${callsOf(site)}`,
      `back to normal after ${spread(recoveries)}`,
    ],
    problems: [
      ...failures,
      ...slowRecoveries(recoveries),
      ...(await brokenInvariants(site, windows)),
      ...(await uncleanEnds(site)),
    ],
  };
}

/** Takes those that are free, ends Steward's sessions, and takes theirs as well. @param {import('./lab/site.mjs').Site} site */
async function takeEveryConnection(site) {
  /** @type {pg.Client[]} */
  const hogs = [];
  // Connected before there are none left even for an administrator.
  const administrator = new pg.Client({ connectionString: site.server.url(site.name) });
  await administrator.connect();
  try {
    for (let ended = 1; ended > 0;) {
      while (await hogOneMore(hogs, site.url));
      const { rows } = await administrator.query(`
        SELECT count(pg_terminate_backend(pid))::int AS ended FROM pg_stat_activity
        WHERE usename = 'steward_app' AND application_name <> 'hog'`);
      ended = rows[0].ended;
      while (await hogOneMore(hogs, site.url));
    }
  } finally {
    await administrator.end();
  }
  return hogs;
}

/** @param {pg.Client[]} hogs @param {string} url @returns {Promise<boolean>} whether there was one more to be had */
async function hogOneMore(hogs, url) {
  const hog = new pg.Client({ connectionString: url, application_name: 'hog' });
  hog.on('error', () => {});
  try {
    await hog.connect();
    hogs.push(hog);
    return true;
  } catch (error) {
    if (/** @type {pg.DatabaseError} */ (error).code === '53300') return false;
    throw error;
  }
}
