import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { SchemaEngineError } from './errors.mjs';
import { openSession } from './session.mjs';

/** @typedef {import('./session.mjs').Session} Session */
/** @typedef {{ session: Session, dispose: () => Promise<void> }} ShadowDatabase */

/**
 * Empty databases on which the engine replays the migrations: the one configured, temporary ones on the same server,
 * or, beside an embedded database (PGlite, which has but one database), another embedded one in memory.
 */
export class ShadowDatabases {
  /** @type {Set<Promise<ShadowDatabase>>} */
  #opened = new Set();
  /** @type {ReturnType<typeof startEmbedded> | undefined} */
  #embedded;

  /** @param {Session} main @param {{ url: string, shadowDatabaseUrl: string | undefined }} urls */
  constructor(main, urls) {
    this.main = main;
    this.urls = urls;
  }

  /**
   * @returns {Promise<ShadowDatabase>} to be disposed of, at the latest by {@link removeAll}
   * @throws {SchemaEngineError} P3014 when the server does not let the user create databases
   */
  open() {
    const opening = this.#emptyDatabase().then(disposableTwice);
    this.#opened.add(opening);
    return opening;
  }

  /** Leaves nothing behind, not even of what is only just being opened. */
  async removeAll() {
    await Promise.all(
      [...this.#opened].map(async (opening) => (await opening.catch(() => undefined))?.dispose()),
    );
    await (await this.#embedded)?.stop();
  }

  async #emptyDatabase() {
    const { url, shadowDatabaseUrl } = this.urls;
    if (shadowDatabaseUrl) return configuredDatabase(this.main, shadowDatabaseUrl);
    const { rows } = await this.main.pool.query('SELECT version()');
    if (!rows[0].version.includes('PGlite')) return temporaryDatabase(this.main, url);
    // It takes seconds to start, and one command may need several empty databases, one after the other.
    this.#embedded ??= startEmbedded(this.main);
    return emptyEmbedded((await this.#embedded).url);
  }
}

/** @param {ShadowDatabase} shadow @returns {ShadowDatabase} */
function disposableTwice({ session, dispose }) {
  /** @type {Promise<void> | undefined} */
  let disposed;
  return { session, dispose: () => (disposed ??= dispose()) };
}

/** @param {Session} main @param {string} shadowDatabaseUrl @returns {Promise<ShadowDatabase>} */
async function configuredDatabase(main, shadowDatabaseUrl) {
  const session = await openSession(shadowDatabaseUrl);
  const dispose = () => session.pool.end();
  if (identity(session) === identity(main)) {
    await dispose();
    throw new SchemaEngineError(
      'The shadow database must not be the main database: it is emptied on every use.',
    );
  }
  const schema = pg.escapeIdentifier(session.schema);
  await session.pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  return { session, dispose };
}

/** @param {Session} session */
const identity = ({ target: { host, port, database } }) => JSON.stringify([host, port, database]);

/** @param {Session} main @param {string} url @returns {Promise<ShadowDatabase>} */
async function temporaryDatabase(main, url) {
  const name = `prisma_migrate_shadow_db_${randomUUID()}`;
  try {
    await main.pool.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    throw shadowCreationError(error);
  }
  const drop = () => main.pool.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  try {
    const shadowUrl = new URL(url);
    shadowUrl.pathname = name;
    const session = await openSession(shadowUrl.href);
    await assertConnectedTo(session, name);
    const dispose = async () => {
      await drop();
      await session.pool.end();
    };
    return { session, dispose };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** @param {unknown} error */
function shadowCreationError(error) {
  const reason = error instanceof Error ? error.message : String(error);
  return new SchemaEngineError(
    'Prisma Migrate could not create the shadow database. Please make sure the database user has permission to ' +
      'create databases. Read more about the shadow database (and workarounds) at https://pris.ly/d/migrate-shadow\n\n' +
      `Original error: ${reason}`,
    { code: 'P3014', cause: error },
  );
}

/**
 * A proxy that ignores the database's name would have the migrations replayed on the main database.
 * @param {Session} session @param {string} name
 */
async function assertConnectedTo(session, name) {
  const { rows } = await session.pool.query('SELECT current_database() AS name');
  if (rows[0].name === name) return;
  await session.pool.end();
  throw new SchemaEngineError(
    `Asked for the shadow database \`${name}\`, the server connected to \`${rows[0].name}\`.`,
  );
}

/** @param {Session} main */
async function startEmbedded(main) {
  const { PGlite } = await import('@electric-sql/pglite');
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket');
  const db = await PGlite.create({ extensions: await sameExtensions(main) });
  // A folder that only this user can enter: PGlite checks no password.
  const folder = await mkdtemp(path.join(os.tmpdir(), 'prisma-shadow-'));
  const server = new PGLiteSocketServer({ db, path: path.join(folder, '.s.PGSQL.5432'), maxConnections: 8 });
  await server.start();
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
    await db.close();
  };
  return { url: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`, stop };
}

const DROP_EVERYTHING = `
  DO $$
  DECLARE
    name text;
  BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
      EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    CREATE SCHEMA public;
  END $$`;

/** @param {string} url @returns {Promise<ShadowDatabase>} */
async function emptyEmbedded(url) {
  const session = await openSession(url);
  await session.pool.query(DROP_EVERYTHING);
  return { session, dispose: () => session.pool.end() };
}

/** The extensions that the main database offers, as PGlite takes them. @param {Session} main */
async function sameExtensions(main) {
  const { rows } = await main.pool.query("SELECT name FROM pg_available_extensions WHERE name <> 'plpgsql'");
  return Object.fromEntries(await Promise.all(rows.map(({ name }) => loadExtension(name))));
}

/** @param {string} name as PostgreSQL has it, with a hyphen perhaps */
async function loadExtension(name) {
  const key = name.replaceAll('-', '_');
  const exports = await import(`@electric-sql/pglite/contrib/${key}`);
  return [key, exports[key]];
}
