import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { SchemaEngineError } from './errors.mjs';
import { explain } from './explain.mjs';
import { offlineSession } from './offline.mjs';
import { openSession, sessionAdapter } from './session.mjs';
import { ShadowDatabases } from './shadow.mjs';
import { loadSchemaEngine } from './wasm.mjs';

/** @typedef {import('@prisma/schema-engine-wasm').MigrationList} MigrationList */
/** @typedef {{ level: string, fields: { message: string }, target: string }} LogLine as the native engine logs */
/**
 * @typedef {object} EngineOptions
 * @property {string | undefined} [url] without it, only what needs no database works
 * @property {string | undefined} [shadowDatabaseUrl] a database that may be emptied
 * @property {[file: string, content: string][]} [schemaFiles] the Prisma schema
 * @property {(line: LogLine) => void} [onLog]
 */
/**
 * @typedef {object} Engine
 * @property {(method: string, params?: unknown) => Promise<unknown>} call any method of `SchemaEngine` in
 *   `@prisma/schema-engine-wasm`, one at a time; rejects with a {@link SchemaEngineError}
 * @property {() => Promise<void>} abandon removes temporary databases without waiting for the call under way
 * @property {() => Promise<void>} close waits for the call under way, then leaves nothing behind
 */

/**
 * Opens Prisma's schema engine on a database.
 * @param {EngineOptions} options
 * @returns {Promise<Engine>}
 * @throws {SchemaEngineError} P1000, P1001, P1003, P1010 or P1011 when the database cannot be reached; P1012 for a bad schema
 */
export async function openSchemaEngine({ url = '', shadowDatabaseUrl, schemaFiles = [], onLog = () => {} }) {
  const session = url ? await openSession(url) : offlineSession();
  const shadows = new ShadowDatabases(session, { url, shadowDatabaseUrl });
  /** @type {import('./explain.mjs').Failures} */
  let failures = {};
  /** @param {import('./session.mjs').ScriptFailure} failure */
  const onScriptFailure = (failure) => (failures.script = failure);

  const connectToShadowDb = async () => {
    const shadow = await shadows.open().catch((error) => {
      failures.shadow = error;
      throw error;
    });
    return sessionAdapter(shadow.session, { onScriptFailure, dispose: shadow.dispose });
  };

  const adapterFactory = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => sessionAdapter(session, { onScriptFailure, dispose: async () => {} }),
    connectToShadowDb,
  });
  const engine = await startEngine(schemaFiles, adapterFactory, onLog).catch(async (error) => {
    await session.pool.end();
    throw error;
  });

  /** @type {Promise<unknown>} */
  let underWay = Promise.resolve();
  return {
    call(method, params) {
      const answer = underWay.then(async () => {
        failures = {};
        return callMethod(engine, method, params).catch((error) => {
          throw explain(error, { method, params, failures });
        });
      });
      underWay = answer.catch(() => {});
      return answer;
    },
    abandon: () => shadows.removeAll(),
    async close() {
      await underWay;
      engine.free();
      await shadows.removeAll();
      await session.pool.end();
    },
  };
}

/** @param {[string, string][]} datamodels @param {object} adapterFactory @param {(line: LogLine) => void} onLog */
async function startEngine(datamodels, adapterFactory, onLog) {
  const { SchemaEngine } = await loadSchemaEngine();
  const log = (/** @type {string} */ line) => onLog(JSON.parse(line));
  try {
    // An empty list makes the engine panic.
    return await SchemaEngine.new(
      { datamodels: datamodels.length > 0 ? datamodels : undefined },
      log,
      adapterFactory,
    );
  } catch (error) {
    // The constructor gives no codes, and the connection is known to stand: what is left is the schema.
    throw new SchemaEngineError(/** @type {Error} */ (error).message, { code: 'P1012', cause: error });
  }
}

/** @param {any} engine @param {string} method @param {any} params */
async function callMethod(engine, method, params) {
  const { prototype } = (await loadSchemaEngine()).SchemaEngine;
  if (!Object.hasOwn(prototype, method)) {
    throw new SchemaEngineError(`The schema engine has no method \`${method}\`.`);
  }
  try {
    return await engine[method](params);
  } catch (error) {
    if (!wantsReplay(error)) throw error;
    await engine.devDiagnostic(params);
    return engine[method](params);
  }
}

/**
 * `evaluateDataLoss` and `createMigration` need the schema that the migrations make, but in WebAssembly only
 * `devDiagnostic` can replay them, and what it found is forgotten once migrations are applied.
 * @param {unknown} error
 */
function wantsReplay(error) {
  return (
    error instanceof Error && error.message.includes('shadow DB must be provided through an external factory')
  );
}

/** Tables that the configuration could exclude; Steward excludes none. */
const NO_FILTERS = { externalTables: [], externalEnums: [] };

/**
 * Applies the migrations that are not applied yet, with the ledger and checksums of `prisma migrate deploy`.
 * @param {{ url: string, migrationsDir: string, onLog?: (line: LogLine) => void }} options
 * @returns {Promise<string[]>} the names of the migrations applied now, in order
 * @throws {SchemaEngineError} P3018 when a migration fails, P3009 when one failed before, P1xxx when the database
 *   cannot be reached
 */
export async function deployMigrations({ url, migrationsDir, ...options }) {
  const params = { migrationsList: await readMigrations(migrationsDir), filters: NO_FILTERS };
  const output = await withEngine({ url, ...options }, (engine) => engine.call('applyMigrations', params));
  return /** @type {import('@prisma/schema-engine-wasm').ApplyMigrationsOutput} */ (output)
    .appliedMigrationNames;
}

/** @template T @param {EngineOptions} options @param {(engine: Engine) => Promise<T>} use */
async function withEngine(options, use) {
  const engine = await openSchemaEngine(options);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

const LOCK_FILE = 'migration_lock.toml';
const SCRIPT_FILE = 'migration.sql';

/** The migrations as the engine takes them. @param {string} baseDir @returns {Promise<MigrationList>} */
async function readMigrations(baseDir) {
  const entries = await readdir(baseDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const lockfile = {
    path: LOCK_FILE,
    content: await readFile(path.join(baseDir, LOCK_FILE), 'utf8').catch(() => null),
  };
  const migrationDirectories = await Promise.all(
    names.toSorted().map((name) => readMigration(baseDir, name)),
  );
  return { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories };
}

/** @param {string} baseDir @param {string} name @returns {Promise<MigrationList['migrationDirectories'][number]>} */
async function readMigration(baseDir, name) {
  try {
    const value = await readFile(path.join(baseDir, name, SCRIPT_FILE), 'utf8');
    return { path: name, migrationFile: { path: SCRIPT_FILE, content: { tag: 'ok', value } } };
  } catch (error) {
    const value = /** @type {Error} */ (error).message;
    return { path: name, migrationFile: { path: SCRIPT_FILE, content: { tag: 'error', value } } };
  }
}
