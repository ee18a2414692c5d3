import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Log } from '../observability/log.js';
import type { SessionConfig } from '../settings/config.js';
import { CancellablePool, type CancellableClient } from './cancellation.js';
import type { DatabaseClient } from './client.js';

/** How much longer than `statement_timeout` the client waits for a server that has stopped answering altogether. */
const FROZEN_SERVER_GRACE_MS = 1000;

export interface Connections<Client> {
  client: Client;
  pool: pg.Pool;
  /** Waits for what runs, then closes every connection. */
  close(): Promise<void>;
}

/**
 * A Prisma Client on a pool of its own. Nothing connects before the first query. Time limits are set on each session,
 * so a statement that the client gave up on does not run on in the server.
 */
export function connect<Client extends DatabaseClient>(
  url: string,
  session: SessionConfig,
  createClient: (adapter: PrismaPg) => Client,
  log: Log,
  Pool: typeof CancellablePool = CancellablePool,
): Connections<Client> {
  const pool = openPool(url, session, Pool);
  const lost = (error: Error) => log.warn('database connection lost', { error: error.message });
  const client = createClient(
    new PrismaPg(pool, { onPoolError: lost, onConnectionError: lost, statementNameGenerator }),
  );
  return {
    client,
    pool,
    async close() {
      await client.$disconnect();
      await pool.end();
    },
  };
}

/** A pool without a Prisma Client, for work that knows no model. To be ended by its caller. */
export function openPool(
  url: string,
  { pool: limits, ...session }: SessionConfig,
  Pool: typeof CancellablePool = CancellablePool,
): pg.Pool {
  const pool = new Pool({
    connectionString: sessionUrl(url),
    application_name: 'steward',
    min: limits.min,
    max: limits.max,
    connectionTimeoutMillis: limits.acquireTimeoutMs,
    idleTimeoutMillis: limits.idleTimeoutMs,
    maxLifetimeSeconds: Math.ceil(limits.lifetimeMs / 1000),
    keepAlive: true,
    statement_timeout: session.statementTimeoutMs,
    lock_timeout: session.lockTimeoutMs,
    idle_in_transaction_session_timeout: session.idleInTransactionTimeoutMs,
    query_timeout: session.statementTimeoutMs + FROZEN_SERVER_GRACE_MS,
  });
  // An error event without a listener ends the process: also in the moment between the pool's handing
  // it out and the adapter's taking it, when a farewell that came in one piece with an answer is read.
  pool.on('connect', (client) => client.on('error', () => {}));
  // The adapter listens to the pool, too, but only from its first query on.
  pool.on('error', () => {});
  // A transaction that a frozen server did not let end must not be inherited by the next user of the connection: what
  // they write would be answered as done, and never committed. Ending the connection rolls it back. One that is being
  // cancelled must not be inherited either.
  pool.on('release', (_error, client) => {
    if (client.getTransactionStatus() !== 'I' || (client as unknown as CancellableClient).cancelled)
      void client.end();
  });
  return pool;
}

/**
 * The URL with what every session needs: UTC, because Prisma's adapter reads and writes times without their offset. In
 * pg a URL's parameters win over all else, so time limits among them would put ours out of force.
 */
export function sessionUrl(url: string): string {
  const session = new URL(url);
  const options = session.searchParams.get('options');
  session.searchParams.set('options', `${options ? `${options} ` : ''}-c TimeZone=UTC`);
  for (const ours of [
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
    'query_timeout',
  ]) {
    session.searchParams.delete(ours);
  }
  return session.href;
}

const statementNames = new Map<string, string>();
const MOST_STATEMENT_NAMES = 500;

/**
 * Names prepared statements by their text, so that PostgreSQL parses and plans each once a connection. A search is
 * left unnamed: its best plan depends on the word, and a named statement soon gets one plan for all.
 */
function statementNameGenerator({ sql }: { sql: string }): string {
  if (sql.includes('LIKE')) return '';
  let name = statementNames.get(sql);
  if (name === undefined) {
    // An `IN` list of another length is another text; the bound keeps such variety from growing for ever.
    if (statementNames.size >= MOST_STATEMENT_NAMES) return '';
    name = createHash('sha1').update(sql).digest('base64url');
    statementNames.set(sql, name);
  }
  return name;
}
