import pg from 'pg';
import { SchemaEngineError } from './errors.mjs';

/** The engine's queries at its start, and the results of an empty database of PostgreSQL 15. */
const GREETING = {
  fields: [
    { name: 'exists', dataTypeID: 16 },
    { name: 'version', dataTypeID: 25 },
    { name: 'numeric_version', dataTypeID: 23 },
  ],
  rows: [[true, 'PostgreSQL 15.0', 150000]],
};

class OfflinePool extends pg.Pool {
  /** @override @param {any} config @returns {Promise<any>} */
  async query(config) {
    if (config.text?.includes('server_version_num')) return structuredClone(GREETING);
    throw new SchemaEngineError('No database URL: see `datasource` in prisma.config.ts.');
  }
}

/**
 * For what needs no database, as a difference of two schema files: the engine starts with nothing else.
 * @returns {import('./session.mjs').Session}
 */
export function offlineSession() {
  return {
    pool: new OfflinePool(),
    target: { host: '', port: 0, database: '', user: '' },
    schema: 'public',
  };
}
