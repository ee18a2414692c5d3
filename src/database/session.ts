import { callbackify } from 'node:util';
import pg from 'pg';
import type { SessionConfig } from '../settings/config.js';
import { CancellableClient, uncancelled } from './cancellation.js';
import { UnusableDatabaseError } from './check.js';
import { isOutage, POLICIES_HIDE_ROWS } from './errors.js';

/** The limits of a session, and what it sees of a named database. The settings of a caller come with each transaction. */
export interface Session extends SessionConfig {
  /** The schemas that names without one are looked up in, before those of extensions. Absent: public. */
  searchPath?: readonly string[] | undefined;
  /**
   * `by-role`: row policies decide which rows the session sees. Absent, a statement that a policy would narrow fails,
   * because its answer would look like that of a table with fewer rows.
   */
  policies?: 'by-role' | undefined;
  /** True: transactions cannot write, even one that begins as READ WRITE. */
  readOnly?: boolean | undefined;
}

/** What the pool passes on to its connections. */
export interface SessionClientConfig extends pg.PoolConfig {
  session: Session;
  /** A pooler stands before the server, even if it does not show. */
  pooled: boolean;
}

/** What answers depend on. A server, a database and a role may each have other defaults. */
const PINNED = {
  // Prisma's driver adapter reads and writes times without their offset, in this style.
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  default_transaction_isolation: 'read committed',
};

/**
 * Reads the process that serves the session, whether all clients share it (as PGlite's do), and the schemas of extensions
 * that the role may use: operators of a type are found on the path alone.
 */
const GREETING = `
  SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.version() LIKE '%PGlite%' AS shared, ARRAY(
    SELECT DISTINCT nspname::text FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace n ON n.oid = extnamespace
    WHERE nspname <> 'pg_catalog' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY 1) AS extensions`;

interface Greeting {
  pid: number;
  shared: boolean;
  extensions: string[];
}

/** PgBouncer's words for a transaction where it has none. */
const STATEMENT_MODE = /statement pooling/;
const BEGINS_TRANSACTION = /^\s*begin\b/i;
/** Functions of PostgreSQL that raise an error, which are the same in every language. */
const REFUSED_BY_POLICIES = 'check_enable_rls';
const REFUSED_STALE_PLAN = 'RevalidateCachedQuery';

/**
 * A connection that has every setting that answers depend on, or none that can be used.
 *
 * A pooler may run each transaction in another session of the server. Behind one, the settings travel with each
 * transaction, and no statement is prepared under a name.
 */
export class SessionClient extends CancellableClient {
  /** The server's session may serve other clients between two transactions. */
  pooled: boolean;
  /** A table has changed under a prepared statement, which fails on this connection from now on. */
  hasStalePlans = false;
  /** When it was last given back to its pool; undefined before. */
  idleSince: number | undefined;
  readonly openedAt = performance.now();
  readonly #session: Session;
  /** Sets what a transaction behind a pooler needs. */
  #transactionSettings = '';

  constructor(config: SessionClientConfig) {
    super(config);
    this.#session = config.session;
    // An error without a listener ends the process. The pool listens only to connections that are open, and Prisma's adapter
    // adds its listener only after the pool has removed its own.
    this.on('error', () => {});
    this.pooled = config.pooled;
    const send = this.query.bind(this) as (...args: unknown[]) => Promise<unknown>;
    const query = (statement: string | pg.QueryConfig, ...values: unknown[]) =>
      send(this.pooled ? this.#forPooler(statement) : statement, ...values).catch((error: unknown) =>
        this.#explain(error),
      );
    this.query = query as typeof this.query;
    const open = this.connect.bind(this) as () => Promise<unknown>;
    // Uncancelled, because a connection may be opened for another caller than the one who will use it.
    const connect = callbackify(() =>
      uncancelled(() => open().then(() => this.#settle())).catch((error: unknown) => {
        // After an error of its own, pg would leave the socket open until the server gives the log-in up.
        this.drop();
        throw error;
      }),
    );
    this.connect = connect as typeof this.connect;
  }

  /** Ends the connection without a word to the server, which may no longer hear it. */
  drop(): void {
    this.connection.stream.destroy();
  }

  /** Pins the settings, and checks that the server has them. @throws UnusableDatabaseError where it has not */
  async #settle(): Promise<void> {
    const { rows } = await this.query<Greeting>(GREETING);
    const { pid, shared, extensions } = rows[0] as Greeting;
    // A pooler has keys of its own for cancel requests, so the process in its key is none of the server's.
    this.pooled ||= pid !== this.processID;
    const wanted = settingsOf(this.#session, extensions);
    // Other clients of the session may have to write.
    if (shared) delete wanted['default_transaction_read_only'];
    // A transaction has begun when its settings come.
    if (this.pooled && this.#session.readOnly) wanted['transaction_read_only'] = 'on';
    const local = this.pooled ? 'LOCAL ' : '';
    const assign = Object.entries(wanted).map(
      ([name, value]) => `SET ${local}${name} = ${quote(name, value)}`,
    );
    const names = Object.keys(wanted).map(pg.escapeLiteral).join(', ');
    const read = `SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN (${names})`;
    const script = [...assign, read].join('; ');
    try {
      // Alone, because a pooler that allows no transactions notices one only where it is still open after an answer.
      if (this.pooled) await this.query('BEGIN');
      const results = await this.query(script);
      if (this.pooled) await this.query('COMMIT');
      const found = [results].flat().flatMap((result) => result.rows) as { name: string; setting: string }[];
      assertPinned(wanted, new Map(found.map(({ name, setting }) => [name, setting])));
    } catch (error) {
      if (isOutage(error) && !STATEMENT_MODE.test(String(error))) throw error;
      throw new UnusableDatabaseError(
        `The database cannot be used: its sessions refuse settings that answers depend on. ${describeRefusal(error)}`,
        { cause: error },
      );
    }
    if (this.pooled) this.#transactionSettings = assign.join('; ');
  }

  #forPooler(statement: string | pg.QueryConfig): pg.QueryConfig {
    const { text, ...rest }: pg.QueryConfig = typeof statement === 'string' ? { text: statement } : statement;
    const withSettings = BEGINS_TRANSACTION.test(text) && this.#transactionSettings !== '';
    return { ...rest, name: undefined, text: withSettings ? `${text}; ${this.#transactionSettings}` : text };
  }

  /** Marks what PostgreSQL tells apart by its words alone. */
  #explain(error: unknown): never {
    if (error instanceof pg.DatabaseError) {
      if (error.routine === REFUSED_BY_POLICIES) error.code = POLICIES_HIDE_ROWS;
      this.hasStalePlans ||= error.routine === REFUSED_STALE_PLAN;
    }
    throw error;
  }
}

function settingsOf(
  { searchPath = ['public'], policies, readOnly = false, ...limits }: Session,
  extensions: string[],
): Record<string, string> {
  return {
    ...PINNED,
    search_path: [...new Set([...searchPath, ...extensions])].map(pg.escapeIdentifier).join(', '),
    row_security: policies === 'by-role' ? 'on' : 'off',
    ...(readOnly && { default_transaction_read_only: 'on' }),
    statement_timeout: String(limits.statementTimeoutMs),
    lock_timeout: String(limits.lockTimeoutMs),
    idle_in_transaction_session_timeout: String(limits.idleInTransactionTimeoutMs),
  };
}

/** The path is a list of names, each quoted already. */
function quote(name: string, value: string): string {
  return name === 'search_path' ? value : pg.escapeLiteral(value);
}

/** PostgreSQL quotes only the names of a path that need it. */
function unquote(value: string): string {
  return value.replaceAll('"', '');
}

function assertPinned(wanted: Record<string, string>, found: ReadonlyMap<string, string>): void {
  const other = Object.entries(wanted)
    .filter(([name, value]) => unquote(found.get(name) ?? '') !== unquote(value))
    .map(([name, value]) => `${name} is ${found.get(name) ?? 'unknown'} instead of ${value}`);
  if (other.length > 0) throw new Error(other.join(', '));
}

function describeRefusal(error: unknown): string {
  const { message } = error as Error;
  if (STATEMENT_MODE.test(message))
    return 'A pooler in statement mode stands before it, which allows no transactions. Let it pool by session or by transaction, or name the address of the server itself.';
  return `(${message}) If a pooler stands before it, name the address of the server itself; if none does, let the role have them.`;
}
