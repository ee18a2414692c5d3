import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { ROOT } from './command.mjs';
import { APP, OWNER, serverUrl } from './template.mjs';

/**
 * Runs one statement on the server's maintenance database.
 * @param {string} sql
 */
export async function administer(sql) {
  await onServer('postgres', (client) => client.query(sql));
}

/**
 * Makes the roles of a new database with prisma/roles.sql. They are the whole server's and stay there: other runs of the
 * suite may work with them at the same time.
 * @param {string} database
 */
export async function makeRoles(database) {
  const script = await readFile(path.join(ROOT, 'prisma', 'roles.sql'), 'utf8');
  await onServer(database, (client) => client.query(script));
  const password = decodeURIComponent(new URL(serverUrl(database)).password);
  if (password === '') return;
  await onServer('postgres', async (client) => {
    // Two runs that change one role at once would have one of them fail.
    await client.query(`SELECT pg_advisory_lock(hashtext('steward test roles'))`);
    for (const role of [OWNER, APP]) {
      await client.query(`ALTER ROLE ${role} PASSWORD ${pg.escapeLiteral(password)}`);
    }
  });
}

/**
 * @param {string} database
 * @param {(client: pg.Client) => Promise<unknown>} work
 */
async function onServer(database, work) {
  const client = new pg.Client({ connectionString: serverUrl(database) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
