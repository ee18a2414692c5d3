import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Sql } from '@prisma/client/runtime/client';
import type pg from 'pg';
import type { Log } from '../observability/log.js';
import type { SessionConfig } from '../settings/config.js';
import { CancellablePool, type CancellableClient } from './cancellation.js';
import { connectionOf } from './connection.js';

/** Time that the client waits beyond `statement_timeout`, for a server that no longer answers. */
const FROZEN_SERVER_GRACE_MS = 1000;

/** The methods of a Prisma Client that the database floor uses. They are the same for every schema. */
export interface DatabaseClient {
  $queryRaw<Rows = unknown>(query: TemplateStringsArray | Sql, ...values: unknown[]): Promise<Rows>;
  $disconnect(): Promise<void>;
}

export interface Connections<Client> {
  client: Client;
  pool: pg.Pool;
  /** Waits for running statements, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Creates a Prisma Client on a pool of its own. Nothing connects before the first query. Time limits are set on each
 * session, so the server also ends a statement that the client no longer waits for.
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

function openPool(
  url: string,
  { pool: limits, ...session }: SessionConfig,
  Pool: typeof CancellablePool,
): pg.Pool {
  const pool = new Pool({
    application_name: 'steward',
    ...connectionOf(sessionUrl(url)),
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
  // An error event without a listener ends the process. The adapter adds its listener only after the pool has removed its
  // own; a server's last message, read together with a result, can raise the event in between.
  pool.on('connect', (client) => client.on('error', () => {}));
  // The adapter's own listener on the pool exists only from its first query on.
  pool.on('error', () => {});
  // A connection must not be reused while its transaction is open, because a frozen server did not end it: the next
  // user's writes would seem to succeed and never be committed. Ending the connection rolls it back. A connection with a
  // cancel request under way must not be reused either.
  pool.on('release', (_error, client) => {
    if (client.getTransactionStatus() !== 'I' || (client as unknown as CancellableClient).cancelled)
      void client.end();
  });
  return pool;
}

/**
 * Adds UTC to the URL, because Prisma's adapter reads and writes times without their offset. Removes time limits from it:
 * in pg a URL's parameters override all others, ours included.
 */
export function sessionUrl(url: string): string {
  const session = new URL(url);
  beginSessionsWith(session, 'TimeZone=UTC');
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

/** Adds a setting to those that each session of the URL begins with. */
export function beginSessionsWith(url: URL, setting: string): void {
  const options = url.searchParams.get('options');
  url.searchParams.set('options', `${options ? `${options} ` : ''}-c ${setting}`);
}

const statementNames = new Map<string, string>();
const MOST_STATEMENT_NAMES = 500;

/**
 * Names prepared statements by their text, so that PostgreSQL parses and plans each once per connection. A search gets no
 * name: its best plan depends on the word, and a named statement soon gets one plan for all words.
 */
function statementNameGenerator({ sql }: { sql: string }): string {
  if (sql.includes('LIKE')) return '';
  let name = statementNames.get(sql);
  if (name === undefined) {
    // An `IN` list of another length is another text; the limit bounds the number of names.
    if (statementNames.size >= MOST_STATEMENT_NAMES) return '';
    name = createHash('sha1').update(sql).digest('base64url');
    statementNames.set(sql, name);
  }
  return name;
}
