import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openSession } from './session.mjs';

/** @type {Promise<string> | undefined} */
let url;

/**
 * An empty database for the engine to replay migrations on, in the memory of this process. PGlite can do it for a
 * PostgreSQL server, too: every migration has to run on Steward's embedded database. So no role needs the right to
 * create databases, and none is left behind.
 */
export async function openEmptyDatabase() {
  // It takes seconds to start, and one command may need several empty databases, one after the other.
  url ??= startEmbedded();
  const session = await openSession(await url);
  await session.pool.query(DROP_EVERYTHING);
  return session;
}

async function startEmbedded() {
  const { PGlite } = await import('@electric-sql/pglite');
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket');
  // Those of Steward's embedded database.
  const { citext } = await import('@electric-sql/pglite/contrib/citext');
  const { pg_trgm } = await import('@electric-sql/pglite/contrib/pg_trgm');
  const db = await PGlite.create({ extensions: { citext, pg_trgm } });
  // A folder that only this user can enter: PGlite checks no password.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'prisma-shadow-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const server = new PGLiteSocketServer({ db, path: path.join(folder, '.s.PGSQL.5432'), maxConnections: 8 });
  await server.start();
  return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
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
