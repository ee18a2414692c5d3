import pg from 'pg';

/** A session that holds a lock until it is ended. @param {import('./site.mjs').Site} site @param {string} sql that takes the lock */
export async function holding(site, sql) {
  const holder = new pg.Client({ connectionString: site.server.url(site.name) });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query(sql);
  return holder;
}
