import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { DatabaseConfig } from '../config.js';
import { PrismaClient } from '../generated/prisma/client.js';
import type { Log } from '../log.js';

/** How much longer than `statement_timeout` the client waits for a server that has stopped answering altogether. */
const FROZEN_SERVER_GRACE_MS = 1000;

export interface Connections {
  prisma: PrismaClient;
  pool: pg.Pool;
  /** Waits for what runs, then closes every connection. */
  close(): Promise<void>;
}

/**
 * A Prisma Client on a pool of its own. Nothing connects before the first query. Time limits are set on each session,
 * so a statement that the client gave up on does not run on in the server.
 */
export function connect(url: string, { pool: limits, session }: DatabaseConfig, log: Log): Connections {
  const pool = new pg.Pool({
    connectionString: inUtc(url),
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
  // A connection that dies where nobody listens takes the process with it: also in the moment between the pool's handing
  // it out and the adapter's taking it, when a farewell that came in one piece with an answer is read.
  pool.on('connect', (client) => client.on('error', () => {}));
  const lost = (error: Error) => log.warn('database connection lost', { error: error.message });
  const adapter = new PrismaPg(pool, { onPoolError: lost, onConnectionError: lost, statementNameGenerator });
  const prisma = new PrismaClient({ adapter });
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Prisma's adapter reads and writes times without their offset: the session has to be in UTC, whatever the database is. */
function inUtc(url: string): string {
  const utc = new URL(url);
  const options = utc.searchParams.get('options');
  utc.searchParams.set('options', `${options ? `${options} ` : ''}-c TimeZone=UTC`);
  return utc.href;
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
