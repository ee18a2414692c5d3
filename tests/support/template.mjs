import os from 'node:os';
import path from 'node:path';

/**
 * The database that each test file starts from, migrated and seeded once a run. Jest's set-up, its workers and its
 * tear-down are different processes; they know each other by the process that started them all.
 *
 * Jest loads its set-up and tear-down with Node's own loader, which reads no TypeScript: hence `.mjs` for what they use.
 */
const run = process.env['STEWARD_TEST_RUN'] ?? String(process.pid);
process.env['STEWARD_TEST_RUN'] = run;

/** A server to test on; without it the suite runs on the embedded database. */
export const SERVER_URL = process.env['TEST_DATABASE_URL'];

export const RUN_DIR = path.join(os.tmpdir(), `steward-test-${run}`);
export const TEMPLATE_DIR = path.join(RUN_DIR, 'template');
export const TEMPLATE_NAME = `steward_test_${run}`;

/** The roles of prisma/roles.sql: who migrates and restores, and who Steward is. */
export const OWNER = 'steward_owner';
export const APP = 'steward_app';

/**
 * The server's URL with another database and, if given, another role, who has the same password.
 * @param {string} database
 * @param {string} [role]
 */
export function serverUrl(database, role) {
  const url = new URL(SERVER_URL ?? '');
  url.pathname = database;
  if (role !== undefined) url.username = role;
  return url.href;
}
