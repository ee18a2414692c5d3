import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Sql } from '@prisma/client/runtime/client';
import type { Log } from '../observability/log.js';
import { connectionOf } from './connection.js';
import type { Session } from './session.js';
import { SessionPool } from './session-pool.js';

/** Time that the client waits beyond `statement_timeout`, for a server that no longer answers. */
const FROZEN_SERVER_GRACE_MS = 1000;
/** Firewalls forget connections that idle, some within minutes; the system's own default is two hours. */
const KEEPALIVE_AFTER_MS = 10_000;

/** The methods of a Prisma Client that the database floor uses. They are the same for every schema. */
export interface DatabaseClient {
  $queryRaw<Rows = unknown>(query: TemplateStringsArray | Sql, ...values: unknown[]): Promise<Rows>;
  $disconnect(): Promise<void>;
}

export interface Connections<Client> {
  client: Client;
  pool: SessionPool;
  /** Waits for running statements, then closes every connection. */
  close(): Promise<void>;
}

/** Creates a Prisma Client on a pool of its own. Nothing connects before the first query. */
export function connect<Client extends DatabaseClient>(
  url: string,
  session: Session,
  createClient: (adapter: PrismaPg) => Client,
  log: Log,
  Pool: typeof SessionPool = SessionPool,
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

/** Opens a pool. Nothing connects before the first query. */
export function openPool(
  url: string,
  session: Session,
  Pool: typeof SessionPool,
  name = 'steward',
): SessionPool {
  const { pool: limits, statementTimeoutMs } = session;
  const pool = new Pool({
    application_name: name,
    ...connectionOf(withoutTimeLimits(url)),
    session,
    // Prisma's own parameter for it.
    pooled: new URL(url).searchParams.get('pgbouncer') === 'true',
    min: limits.min,
    max: limits.max,
    connectionTimeoutMillis: limits.acquireTimeoutMs,
    idleTimeoutMillis: limits.idleTimeoutMs,
    maxLifetimeSeconds: Math.ceil(limits.lifetimeMs / 1000),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
    // The session has limits of its own, so that the server ends a statement, too.
    query_timeout: statementTimeoutMs + FROZEN_SERVER_GRACE_MS,
  });
  // The adapter's own listener on the pool exists only from its first query on.
  pool.on('error', () => {});
  return pool;
}

/** In pg a URL's parameters override all others, and poolers refuse connections that ask for these. */
function withoutTimeLimits(url: string): string {
  const session = new URL(url);
  for (const limit of [
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
    'query_timeout',
  ]) {
    session.searchParams.delete(limit);
  }
  return session.href;
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
