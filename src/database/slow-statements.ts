import pg from 'pg';

export interface SlowStatement {
  /** Text, because counts can exceed JavaScript's safe integers. */
  calls: string;
  rows: string;
  meanMs: number;
  totalMs: number;
  /** The statement with parameters in place of values; undefined if it is another role's and hidden from this one. */
  text: string | undefined;
}

/** The reason that the statements cannot be read. */
export interface Refusal {
  reason: 'unavailable' | 'missing' | 'not loaded' | 'refused';
  role: string;
}

/** PostgreSQL manual, appendix A: object_not_in_prerequisite_state, insufficient_privilege. */
const REASONS: Record<string, Refusal['reason']> = { 55000: 'not loaded', 42501: 'refused' };

const HIDDEN = '<insufficient privilege>';

/** Reads this database's slowest statements by mean time from pg_stat_statements, slowest first. */
export async function readSlowStatements(
  pool: pg.Pool,
  limit: number,
): Promise<{ statements: SlowStatement[]; role: string } | Refusal> {
  const { rows } = await pool.query<{ role: string; schema: string | null; available: boolean }>(`
    SELECT current_user AS role,
      (SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
       WHERE extname = 'pg_stat_statements') AS schema,
      EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') AS available`);
  const { role = '', schema = null, available = false } = rows[0] ?? {};
  if (schema === null) return { reason: available ? 'missing' : 'unavailable', role };
  try {
    return { statements: await querySlowest(pool, schema, limit), role };
  } catch (error) {
    const reason = REASONS[(error as pg.DatabaseError).code ?? ''];
    if (reason === undefined) throw error;
    return { reason, role };
  }
}

/** Reads only normalised statements: PostgreSQL counts commands such as ALTER ROLE … PASSWORD with their values. */
async function querySlowest(pool: pg.Pool, schema: string, limit: number): Promise<SlowStatement[]> {
  const { rows } = await pool.query<SlowStatement>(
    `SELECT calls::text, rows::text, mean_exec_time AS "meanMs", total_exec_time AS "totalMs",
       nullif(query, '${HIDDEN}') AS text
     FROM ${pg.escapeIdentifier(schema)}.pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND query ~* '^\\s*(select|insert|update|delete|merge|with|${HIDDEN})'
     ORDER BY mean_exec_time DESC LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({ ...row, text: row.text ?? undefined }));
}
