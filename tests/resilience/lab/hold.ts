import pg from 'pg';
import { DATABASE } from './setup.mjs';
import type { Site } from './site.js';

/** Holds the lock that the SQL takes, in a session of its own, while the work is done. */
export async function whileHolding<Result>(
  site: Site,
  sql: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const holder = new pg.Client({ connectionString: site.server.url(DATABASE) });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(sql);
    return await work();
  } finally {
    await holder.end();
  }
}
