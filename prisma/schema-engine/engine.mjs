import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { explain, SchemaEngineError } from './errors.mjs';
import { openSession, sessionAdapter } from './session.mjs';
import { openEmptyDatabase } from './shadow.mjs';
import { loadSchemaEngine } from './wasm.mjs';

/** @typedef {{ level: string, fields: { message: string }, target: string }} LogLine as the native engine logs */

/**
 * Opens Prisma's schema engine on a database.
 * @param {string | undefined} url without it, an empty database takes its place: for a difference of two schema files
 * @param {[file: string, content: string][]} schemaFiles the Prisma schema
 * @param {(line: LogLine) => void} onLog
 * @returns {Promise<((method: string, params: any) => Promise<unknown>) & { listSchemas(): Promise<{ own: string, others: string[] }>, close(): Promise<void> }>}
 *   calls any method of `SchemaEngine` in `@prisma/schema-engine-wasm`, one at a time; rejects with a {@link SchemaEngineError}
 * @throws {SchemaEngineError} P1000, P1001, P1003, P1010 or P1011 when the database cannot be reached; P1012 for a bad schema
 */
export async function openSchemaEngine(url, schemaFiles, onLog) {
  const session = url ? await openSession(url) : await openEmptyDatabase();
  /** @type {import('./errors.mjs').ScriptFailure | undefined} */
  let failure;
  /** @param {import('./session.mjs').Session} on @param {() => Promise<void>} dispose */
  const adapt = (on, dispose) => sessionAdapter(on, (failed) => (failure = failed), dispose);
  const adapterFactory = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => adapt(session, async () => {}),
    connectToShadowDb: async () => {
      const shadow = await openEmptyDatabase();
      return adapt(shadow, () => shadow.pool.end());
    },
  });
  const close = () => session.pool.end();
  const engine = await startEngine(schemaFiles, adapterFactory, onLog).catch(async (error) => {
    await close();
    throw error;
  });
  const call = async (/** @type {string} */ method, /** @type {any} */ params) => {
    failure = undefined;
    try {
      return await callMethod(engine, method, params);
    } catch (error) {
      throw explain(error, failure, method === 'applyMigrations' ? params.migrationsList : undefined);
    }
  };
  const listSchemas = async () => {
    const { rows } = await session.pool.query(SCHEMAS);
    const names = rows.map(({ name }) => name);
    return { own: session.schema, others: names.filter((name) => name !== session.schema) };
  };
  return Object.assign(call, { listSchemas, close });
}

/** Those that hold a table which no extension brought. */
const SCHEMAS = `
  SELECT DISTINCT nspname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
  ORDER BY 1`;

/** @param {[string, string][]} datamodels @param {object} adapterFactory @param {(line: LogLine) => void} onLog */
async function startEngine(datamodels, adapterFactory, onLog) {
  const { SchemaEngine } = await loadSchemaEngine();
  // An empty list makes the engine panic.
  const schema = { datamodels: datamodels.length > 0 ? datamodels : undefined };
  try {
    return await SchemaEngine.new(
      schema,
      (/** @type {string} */ line) => onLog(JSON.parse(line)),
      adapterFactory,
    );
  } catch (error) {
    // The constructor gives no codes, and the connection is known to stand: what is left is the schema.
    throw new SchemaEngineError(/** @type {Error} */ (error).message, { code: 'P1012', cause: error });
  }
}

/** @param {any} engine @param {string} method @param {any} params */
async function callMethod(engine, method, params) {
  if (!(method in engine)) throw new SchemaEngineError(`The schema engine has no method \`${method}\`.`);
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
