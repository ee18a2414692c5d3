import type { DatabaseConfig } from '../../settings/config.js';
import type { ServerTarget } from '../../database/backup/server/state.js';
import { translateDatabaseError } from '../../database/errors.js';
import { connect, type Connections } from '../../database/pool.js';
import { OperatorError } from '../../errors.js';
import { createClient, type PrismaClient } from '../../directory/database.js';
import { assertPublic } from '../configuration.js';
import { remedyOf } from '../../database/connection-failure.js';
import { createLog, describeError } from '../../observability/log.js';

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
  assertPublic(url);
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
