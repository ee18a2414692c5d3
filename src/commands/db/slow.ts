import pg from 'pg';
import { readConfig } from '../read-config.js';
import { openPool } from '../../database/pool.js';
import { readSlowStatements, type Refusal, type SlowStatement } from '../../database/slow-statements.js';
import { translateDatabaseError } from '../../database/errors.js';
import { alignColumns } from '../columns.js';

const LONGEST_STATEMENT = 160;
const EMBEDDED =
  'The embedded database counts no statements: PGlite comes without pg_stat_statements. Set DATABASE_URL to a PostgreSQL server.';

/**
 * Prints the statements of the configured database that take longest on average, slowest first. If statements are not
 * counted, it says how to have them counted, and the exit code is 1.
 * @throws OperatorError; StewardError when the database does not answer
 */
export async function printSlowStatements(limit: number): Promise<void> {
  const { database } = readConfig();
  if (database.url === undefined) return refuse(EMBEDDED);
  const pool = openPool(database.url, database.session);
  try {
    const found = await readSlowStatements(pool, limit);
    if ('reason' in found) refuse(explainSetup(found));
    else print(found.statements, found.role);
  } catch (error) {
    throw translateDatabaseError(error) ?? error;
  } finally {
    await pool.end();
  }
}

function refuse(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

const REASONS: Record<Refusal['reason'], string> = {
  unavailable: 'this server has no such extension. Install it (on Debian it comes with postgresql)',
  missing: 'the extension is not there in this database',
  'not loaded': 'the server was started without its library',
  refused: 'this role may not read it',
};

function explainSetup({ reason, role }: Refusal): string {
  return `It is not known which statements are slow: pg_stat_statements counts them, and ${REASONS[reason]}.
As an administrator of the server:
  1. Have its library loaded: in postgresql.conf, add it to what may stand there already, and restart PostgreSQL.
       shared_preload_libraries = 'pg_stat_statements'
  2. In this database:
       CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
  3. To show this role the statements of others, too:
       GRANT pg_read_all_stats TO ${pg.escapeIdentifier(role)};`;
}

function print(statements: SlowStatement[], role: string): void {
  const rows = statements.map(({ calls, meanMs, totalMs, rows: returned, text }) => [
    calls,
    meanMs.toFixed(2),
    totalMs.toFixed(0),
    returned,
    text === undefined ? '(of another role)' : toOneLine(text),
  ]);
  const lines = alignColumns([['calls', 'mean ms', 'total ms', 'rows', 'statement'], ...rows], 4);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (statements.every(({ text }) => text !== undefined)) return;
  const grant = `GRANT pg_read_all_stats TO ${pg.escapeIdentifier(role)};`;
  process.stderr.write(
    `Statements of other roles are counted but not shown to this one. An administrator can: ${grant}\n`,
  );
}

function toOneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= LONGEST_STATEMENT ? line : `${line.slice(0, LONGEST_STATEMENT - 1)}…`;
}
