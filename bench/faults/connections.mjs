import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { outagesUnderLoad } from './lab/outages.mjs';

export const name = 'connections';
export const title = 'PostgreSQL out of connections under load';

const OUTAGE_MS = 2000;

/** @param {import('./lab/lab.mjs').Lab} lab */
export function run(lab) {
  return outagesUnderLoad(lab, (count) => `${count} times none for ${OUTAGE_MS / 1000} s`, noConnections);
}

/** @param {import('./lab/outages.mjs').Scene} scene */
async function noConnections({ site, load, from }) {
  const hogs = await takeEveryConnection(site);
  try {
    await setTimeout(OUTAGE_MS);
    const noticed = load.calls.some(({ start, error }) => start > from && error !== undefined);
    return noticed ? [] : ['nobody noticed that there were no connections: the fault was not made'];
  } finally {
    await Promise.all(hogs.map((hog) => hog.end()));
  }
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
