import { describe } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { underOutages } from './lab/outages.js';
import type { Site } from './lab/site.js';

const OUTAGE_MS = 2000;
const TOO_MANY_CONNECTIONS = '53300';

describe('connections: others take every connection that PostgreSQL has', () => {
  underOutages(async ({ site }) => {
    const taken = await takeEveryConnection(site);
    try {
      await setTimeout(OUTAGE_MS);
    } finally {
      await Promise.all(taken.map((client) => client.end()));
    }
  });
});

/** Takes the free ones, ends Steward's sessions, and takes theirs as well, until Steward has none. */
async function takeEveryConnection(site: Site): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  // The administrator connects before there is no connection left.
  const administrator = new pg.Client({ connectionString: site.server.url() });
  await administrator.connect();
  for (let ended: number | null = null; ended !== 0;) {
    const client = new pg.Client({ connectionString: site.url, application_name: 'taken' });
    client.on('error', () => {});
    try {
      await client.connect();
      taken.push(client);
    } catch (error) {
      if ((error as pg.DatabaseError).code !== TOO_MANY_CONNECTIONS) throw error;
      const { rowCount } = await administrator.query(`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename = 'steward_app' AND application_name <> 'taken'`);
      ended = rowCount;
    }
  }
  await administrator.end();
  return taken;
}
