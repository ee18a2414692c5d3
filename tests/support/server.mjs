import pg from 'pg';
import { serverUrl } from './template.mjs';

/**
 * Runs one statement on the server's maintenance database.
 * @param {string} sql
 */
export async function administer(sql) {
  const client = new pg.Client({ connectionString: serverUrl('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
