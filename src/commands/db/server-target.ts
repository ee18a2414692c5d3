import type { DatabaseConfig } from '../../settings/config.js';
import type { ServerTarget } from '../../database/backup/server/state.js';
import { translateDatabaseError } from '../../database/errors.js';
import { connect, type Connections } from '../../database/pool.js';
import type { Lent } from '../../database/session-pool.js';
import { OperatorError } from '../../errors.js';
import { createClient, type PrismaClient } from '../../directory/database.js';
import type { ServedDirectory } from '../configuration.js';
import { remedyOf } from '../../database/connection-failure.js';
import { createLog, describeError } from '../../observability/log.js';

/**
 * Backups and restores need the same session of the server from begin to end.
 * @throws OperatorError behind a pooler that the operator did not name for it
 */
export async function assertOwnSession(
  { url, directUrl }: ServedDirectory,
  { pool }: ServerTarget,
): Promise<void> {
  if (directUrl !== url) return;
  const client = (await pool.connect()) as unknown as Lent;
  const { pooled } = client;
  client.release();
  if (pooled)
    throw new OperatorError(
      'The address of the database leads to a pooler, which may change the session in the middle of it. Nothing was changed. Set DATABASE_DIRECT_URL beside DATABASE_URL (or directory.url of the configuration file) to the address of the server itself, or of a pooler in session mode.',
    );
}

/** Counting the rows of a large table may take longer than the limit for statements of tools. */
const LONGEST_STATEMENT_MS = 60 * 60 * 1000;

/**
 * Runs `work` on a server's database.
 * @throws the errors of `work`; a failure of the database becomes a StewardError
 */
export async function onServer<Result>(
  config: DatabaseConfig,
  url: string,
  work: (target: ServerTarget, connections: Connections<PrismaClient>) => Promise<Result>,
): Promise<Result> {
  const session = { ...config.session, statementTimeoutMs: LONGEST_STATEMENT_MS };
  const connections = connect(url, session, createClient, createLog('silent'));
  try {
    // Prisma Client's words for a failed connection lack the reason.
    await connections.pool.query('SELECT 1').catch((error: unknown) => {
      throw new OperatorError(
        `The database cannot be reached: ${describeError(error)}. To fix it: ${remedyOf(error)}.`,
        { cause: error },
      );
    });
    return await work({ url, pool: connections.pool, binDir: config.binDir }, connections);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw translateDatabaseError(error) ?? error;
  } finally {
    await connections.close();
  }
}
