import pg from 'pg';
import { openSession } from './session.mjs';

/**
 * @param {string} url
 * @throws {import('./errors.mjs').SchemaEngineError} P1000, P1001, P1003, P1010 or P1011
 */
export async function assertReachable(url) {
  const { pool } = await openSession(url);
  await pool.end();
}

/** Databases that exist on every server, from which another one can be created. */
const MAINTENANCE_DATABASES = ['postgres', 'template1'];

/**
 * Creates the database that a URL names.
 * @param {string} url
 * @throws {import('./errors.mjs').SchemaEngineError} when no database of the server can be reached
 * @throws {pg.DatabaseError} when the user may not create databases
 */
export async function createDatabase(url) {
  const databaseName = new pg.Client({ connectionString: url }).database ?? '';
  const { pool } = await openMaintenanceSession(url);
  try {
    await pool.query(`CREATE DATABASE ${pg.escapeIdentifier(databaseName)}`);
  } finally {
    await pool.end();
  }
  return { databaseName };
}

/** @param {string} url */
async function openMaintenanceSession(url) {
  let failure;
  for (const name of MAINTENANCE_DATABASES) {
    const maintenanceUrl = new URL(url);
    maintenanceUrl.pathname = name;
    // It is the other database that has the schema.
    maintenanceUrl.searchParams.delete('schema');
    try {
      return await openSession(maintenanceUrl.href);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
