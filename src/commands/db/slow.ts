import type pg from 'pg';
import { readAddress } from '../configuration.js';
import { readConfig } from '../read-config.js';
import { alignColumns } from '../columns.js';
import { onServer } from './server-target.js';

const LONGEST_STATEMENT = 160;
const EMBEDDED =
  'The embedded database counts no statements: PGlite comes without pg_stat_statements. Set DATABASE_URL to a PostgreSQL server.';

/** PostgreSQL manual, appendix A: object_not_in_prerequisite_state, insufficient_privilege. */
const REFUSALS: Record<string, string> = {
  55000: 'the server was started without its library',
  42501: 'this role may not read it',
};

/** The text that PostgreSQL shows for a statement of another role. */
const HIDDEN = '<insufficient privilege>';

interface SlowOptions {
  limit: number;
  /** Its name in the configuration. */
  database?: string;
}

/**
 * Prints the statements of a database that take longest on average, slowest first. If statements are not
 * counted, it says how to have them counted, and the exit code is 1.
 * @throws OperatorError; StewardError when the database does not answer
 */
export async function printSlowStatements({ limit, database: name }: SlowOptions): Promise<void> {
  const config = readConfig();
  const url = readAddress(config, name);
  if (url === undefined) return refuse(EMBEDDED);
  await onServer(config.database, url, async ({ pool }) => {
    const { rows } = await pool.query<{ role: string; schema: string | null; available: boolean }>(`
      SELECT quote_ident(current_user) AS role,
        (SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
         WHERE extname = 'pg_stat_statements') AS schema,
        EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') AS available`);
    const { role = '', schema = null, available = false } = rows[0] ?? {};
    const grant = `GRANT pg_read_all_stats TO ${role};`;
    if (schema === null) {
      const missing = 'the extension is not there in this database';
      const unavailable =
        'this server has no such extension. Install it (on Debian it comes with postgresql)';
      return refuse(explainSetup(available ? missing : unavailable, grant));
    }
    try {
      print(await readSlowest(pool, schema, limit), grant);
    } catch (error) {
      const reason = REFUSALS[(error as pg.DatabaseError).code ?? ''];
      if (reason === undefined) throw error;
      refuse(explainSetup(reason, grant));
    }
  });
}

/**
 * Reads this database's slowest statements by mean time. Reads only normalised ones: PostgreSQL counts commands such as
 * ALTER ROLE … PASSWORD with their values.
 */
async function readSlowest(pool: pg.Pool, schema: string, limit: number): Promise<string[][]> {
  const { rows } = await pool.query<string[]>({
    rowMode: 'array',
    text: `
      SELECT query, calls::text, round(mean_exec_time::numeric, 2)::text, round(total_exec_time)::text, rows::text
      FROM ${schema}.pg_stat_statements
      WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND query ~* '^\\s*(select|insert|update|delete|merge|with|${HIDDEN})'
      ORDER BY mean_exec_time DESC LIMIT $1`,
    values: [limit],
  });
  return rows;
}

function print(statements: string[][], grant: string): void {
  const rows = statements.map(([query = '', ...numbers]) => [...numbers, toOneLine(query)]);
  const lines = alignColumns([['calls', 'mean ms', 'total ms', 'rows', 'statement'], ...rows], 4);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (statements.some(([query]) => query === HIDDEN))
    process.stderr.write(
      `Statements of other roles are counted but not shown to this one. An administrator can: ${grant}\n`,
    );
}

function toOneLine(query: string): string {
  const line = query === HIDDEN ? '(of another role)' : query.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= LONGEST_STATEMENT ? line : `${line.slice(0, LONGEST_STATEMENT - 1)}…`;
}

function refuse(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

function explainSetup(reason: string, grant: string): string {
  return `It is not known which statements are slow: pg_stat_statements counts them, and ${reason}.
As an administrator of the server:
  1. Have its library loaded: in postgresql.conf, add it to what may stand there already, and restart PostgreSQL.
       shared_preload_libraries = 'pg_stat_statements'
  2. In this database:
       CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
  3. To show this role the statements of others, too:
       ${grant}`;
}
