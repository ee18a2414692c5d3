import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../support/command.mjs';
import { migrateAndSeed } from '../../support/migrate.mjs';
import { POSTGRES_BIN, PostgresServer } from '../../support/postgres-server.mjs';

export const DATABASE = 'steward';
/** The role that Steward connects as. It has only the privileges that prisma/roles.sql grants. */
export const APP = { user: 'steward_app', password: 'resilience only' };
/** The environment variable that names the data folder which every test copies. */
export const TEMPLATE_VARIABLE = 'STEWARD_RESILIENCE_TEMPLATE';

/** Prepares one server and stops it. Each test starts a server of its own on a copy of its data folder. */
export default async function setUp() {
  if (POSTGRES_BIN === undefined)
    throw new Error(
      "PostgreSQL's server programs are not installed here. Install the package postgresql and try again.",
    );
  const server = await PostgresServer.create();
  process.once('exit', () => rmSync(path.dirname(server.dataDir), { recursive: true }));
  await migrateAndSeed(server.url(DATABASE));
  await server.query(await readFile(path.join(ROOT, 'prisma', 'roles.sql'), 'utf8'), DATABASE);
  await server.query(`ALTER ROLE ${APP.user} PASSWORD '${APP.password}'`);
  // Many departments: a user comes back to one only after many transfers, so that a value tells which change made it.
  await server.query(
    `INSERT INTO departments (name) SELECT 'Department ' || n FROM generate_series(1, 30) n`,
    DATABASE,
  );
  await server.stop('fast');
  process.env[TEMPLATE_VARIABLE] = server.dataDir;
}
