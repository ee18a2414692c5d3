import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { connectionOf } from './connection.mjs';
import { connectionError } from './errors.mjs';

/** @typedef {import('@prisma/driver-adapter-utils').SqlDriverAdapter} SqlDriverAdapter */
/** @typedef {import('./errors.mjs').ScriptFailure} ScriptFailure */

/** The native engine's connect timeout, unless the URL sets `connect_timeout` (seconds). */
const CONNECT_TIMEOUT_S = 5;

/**
 * The one session with a database on which a schema engine works: what it locks, sets and runs belongs together.
 * @typedef {object} Session
 * @property {pg.Pool} pool a pool of exactly one connection, never closed for idleness
 * @property {string} schema the schema that holds the tables, `?schema=` in the URL
 */

/**
 * After an error of its own, such as a password that is missing, pg leaves the socket open until the server gives the
 * log-in up.
 */
class Client extends pg.Client {
  /** @param {any} [config] */
  constructor(config) {
    super(config);
    const open = /** @type {(callback: (error?: Error) => void) => void} */ (this.connect.bind(this));
    this.connect = /** @type {any} */ (
      (/** @type {(error?: Error) => void} */ callback) =>
        open((error) => {
          if (error) this.connection.stream.destroy();
          callback(error);
        })
    );
  }
}

/**
 * Opens a session, and really connects.
 * @param {string} url
 * @returns {Promise<Session>}
 * @throws {import('./errors.mjs').SchemaEngineError} P1000, P1001, P1003, P1010 or P1011
 */
export async function openSession(url) {
  const { searchParams } = new URL(url);
  const schema = searchParams.get('schema') || 'public';
  const pool = new pg.Pool({
    ...connectionOf(url),
    Client,
    connectionTimeoutMillis: 1000 * Number(searchParams.get('connect_timeout') ?? CONNECT_TIMEOUT_S),
    max: 1,
    idleTimeoutMillis: 0,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, which its types do not say
    onConnect: async (client) => {
      await client.query(ENTER_SCHEMA, [schema]);
    },
  });
  // A lost connection surfaces in the next statement; unheard, the event would end the process.
  pool.on('error', () => {});
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    const { message } = /** @type {Error} */ (error);
    // As libpq, which goes on without TLS then.
    if (/^(allow|prefer)$/.test(searchParams.get('sslmode') ?? '') && /does not support SSL/.test(message))
      return openSession(withoutTls(url));
    throw connectionError(error, new pg.Client(connectionOf(url)));
  }
  // From here on the limit would count the wait for the one connection, and long migrations would fail it.
  pool.options.connectionTimeoutMillis = 0;
  return { pool, schema };
}

/**
 * Tables are made in the schema that the datasource names, not in one that is named like the role, which PostgreSQL's own
 * search path begins with. Types of extensions are found wherever those are.
 */
const ENTER_SCHEMA = `
  SELECT set_config('search_path', concat_ws(', ', quote_ident($1), string_agg(DISTINCT quote_ident(nspname), ', ')), false)
  FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE nspname NOT IN ('pg_catalog', $1)`;

/** @param {string} url */
function withoutTls(url) {
  const other = new URL(url);
  other.searchParams.set('sslmode', 'disable');
  return other.href;
}

/**
 * Creates the database that a URL names.
 * @param {string} url
 * @throws {import('./errors.mjs').SchemaEngineError} when no database of the server can be reached
 * @throws {pg.DatabaseError} when the user may not create databases
 */
export async function createDatabase(url) {
  const open = (/** @type {string} */ name) => {
    const other = new URL(url);
    other.pathname = name;
    other.searchParams.delete('schema');
    return openSession(other.href);
  };
  // Databases that exist on nearly every server.
  const { pool } = await open('postgres').catch((error) =>
    open('template1').catch(() => Promise.reject(error)),
  );
  try {
    await pool.query(
      `CREATE DATABASE ${pg.escapeIdentifier(new pg.Client(connectionOf(url)).database ?? '')}`,
    );
  } finally {
    await pool.end();
  }
}

/**
 * The session as the driver adapter that the engine speaks to.
 * @param {Session} session
 * @param {(failure: ScriptFailure) => void} onFailure hears PostgreSQL's own words, of which the engine passes on only
 *   a part
 * @param {() => Promise<void>} dispose
 * @returns {Promise<SqlDriverAdapter>}
 */
export async function sessionAdapter({ pool, schema }, onFailure, dispose) {
  const typesOf = rememberTypes(pool);
  const adapter = await new PrismaPg(pool, { schema }).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  const executeRaw = adapter.executeRaw.bind(adapter);
  adapter.queryRaw = async (query) => withCharacters(await queryRaw(query), typesOf);
  adapter.executeRaw = (query) =>
    query.args.length > 0 ? executeRaw(query) : runScript(pool, withLockTimeout(query.sql), onFailure);
  adapter.executeScript = async (script) => void (await runScript(pool, script, onFailure));
  adapter.dispose = dispose;
  return adapter;
}

/** The engine gives up after 10 s, and would leave its statement waiting in our only session. */
const ADVISORY_LOCK_TIMEOUT_MS = 11_000;

/** @param {string} sql */
function withLockTimeout(sql) {
  if (!sql.startsWith('SELECT pg_advisory_lock(')) return sql;
  return `SET LOCAL lock_timeout = ${ADVISORY_LOCK_TIMEOUT_MS};\n${sql}`;
}

/**
 * Runs a whole script at once, as the native engine does: it is one implicit transaction. (The adapter's own way is to
 * split at every semicolon, which cuts function bodies to pieces.)
 * @param {pg.Pool} pool @param {string} script @param {(failure: ScriptFailure) => void} onFailure
 * @returns {Promise<number>} the rows that a single statement changed
 */
async function runScript(pool, script, onFailure) {
  try {
    return (await pool.query(script)).rowCount ?? 0;
  } catch (error) {
    // An error that did not come from the server means that the server is gone.
    if (!(error instanceof pg.DatabaseError)) throw new DriverAdapterError({ kind: 'ConnectionClosed' });
    onFailure({ script, error });
    // A script that failed within its own BEGIN would leave the engine unable to note the failure in its ledger.
    await pool.query('ROLLBACK').catch(() => {});
    const { code = '', severity = '', message, detail, column, hint } = error;
    throw new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
  }
}

const TEXT = 25;
const TEXT_ARRAY = 1009;
const CHAR = 18;

/** Types of PostgreSQL's catalogue at which the adapter throws, and what they can be read as. */
const READ_AS = new Map([
  [CHAR, TEXT],
  [24, TEXT], // regproc
  [28, TEXT], // xid
  [194, TEXT], // pg_node_tree
  [2205, TEXT], // regclass
  [2206, TEXT], // regtype
  [1002, TEXT_ARRAY], // "char"[]
  [1003, TEXT_ARRAY], // name[]
  [1034, TEXT_ARRAY], // aclitem[]
]);

/** @param {number} type @returns {any} any of the types above, or the same */
const readAs = (type) => READ_AS.get(type) ?? type;

/** @typedef {WeakMap<unknown[], number[]>} TypesOf the columns' types in PostgreSQL, by the rows of a result */

/** Has the pool answer with types that the adapter can read. @param {pg.Pool} pool @returns {TypesOf} what they were */
function rememberTypes(pool) {
  /** @type {TypesOf} */
  const typesOf = new WeakMap();
  const query = /** @type {(config: any) => Promise<pg.QueryResult>} */ (pool.query.bind(pool));
  /** @param {string | pg.QueryConfig} config */
  const readable = async (config) => {
    if (typeof config === 'string') return query(config);
    const { types = pg.types } = config;
    /** @type {pg.CustomTypesConfig['getTypeParser']} */
    const getTypeParser = (type, format) => types.getTypeParser(readAs(type), format);
    const result = await query({ ...config, types: { getTypeParser } });
    typesOf.set(
      result.rows,
      result.fields.map(({ dataTypeID }) => dataTypeID),
    );
    for (const field of result.fields) field.dataTypeID = readAs(field.dataTypeID);
    return result;
  };
  pool.query = /** @type {any} */ (readable);
  return typesOf;
}

/**
 * The engine insists on characters where the catalogue has them, and no type of PostgreSQL is one to the adapter.
 * @param {import('@prisma/driver-adapter-utils').SqlResultSet} result @param {TypesOf} typesOf
 */
function withCharacters(result, typesOf) {
  const types = typesOf.get(result.rows) ?? [];
  const columnTypes = result.columnTypes.map((type, index) =>
    types[index] === CHAR ? ColumnTypeEnum.Character : type,
  );
  return { ...result, columnTypes };
}
