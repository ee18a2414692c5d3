import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { ROOT } from './command.mjs';
import { queryOnce } from './postgres-server.mjs';
import { APP, OWNER, serverUrl } from './template.mjs';

/** Runs SQL on the server's maintenance database. @param {string} sql */
export async function administer(sql) {
  await queryOnce({ connectionString: serverUrl('postgres') }, sql);
}

/**
 * Makes the roles of a new database with prisma/roles.sql. They are the whole server's and stay there: other runs of the
 * suite may work with them at the same time.
 * @param {string} database
 */
export async function makeRoles(database) {
  const script = await readFile(path.join(ROOT, 'prisma', 'roles.sql'), 'utf8');
  await queryOnce({ connectionString: serverUrl(database) }, script);
  const password = decodeURIComponent(new URL(serverUrl(database)).password);
  if (password === '') return;
  const changes = [OWNER, APP].map((role) => `ALTER ROLE ${role} PASSWORD ${pg.escapeLiteral(password)}`);
  // Two runs that change one role at once would have one of them fail.
  await administer([`SELECT pg_advisory_lock(hashtext('steward test roles'))`, ...changes].join(';'));
}
