import pg from 'pg';
import type { RowCounts } from '../row-counts.js';

/** A server's database that is backed up or replaced. */
export interface ServerTarget {
  url: string;
  pool: pg.Pool;
  /** Where PostgreSQL's programs are, if that has been said. */
  binDir: string | undefined;
}

/** What has to be known of a server's database before it is backed up or replaced. */
export interface ServerState {
  role: string;
  major: number;
  /** Whether there are the tables of a directory. */
  directory: boolean;
  /** Tables and sequences of the schema public that this role may not read. */
  unreadable: string[];
  /** Those that it may not drop. */
  foreign: string[];
  mayCreate: boolean;
}

/** Reads it as the role of this pool, about the schema public; what extensions made there is left out. */
export async function readState(pool: pg.Pool): Promise<ServerState> {
  const { rows } = await pool.query<ServerState>(`
    WITH relations AS (
      SELECT oid, relname::text AS name, relowner FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm', 'f')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'))
    SELECT current_user::text AS role,
      current_setting('server_version_num')::int / 10000 AS major,
      to_regclass('public.users') IS NOT NULL AND to_regclass('public._prisma_migrations') IS NOT NULL AS directory,
      ARRAY(SELECT name FROM relations WHERE NOT has_table_privilege(oid, 'SELECT') ORDER BY name) AS unreadable,
      ARRAY(SELECT name FROM relations WHERE NOT pg_has_role(relowner, 'MEMBER') ORDER BY name) AS foreign,
      has_schema_privilege('public', 'CREATE') AS "mayCreate"`);
  return rows[0] as ServerState;
}

/** Which database of which server this is, in SQL: no other has the same name, number and system identifier. */
export const IDENTITY = `(SELECT concat_ws('/', system_identifier, oid, datname)
  FROM pg_control_system(), pg_database WHERE datname = current_database())`;

/** Which database this pool leads to. */
export async function identify(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ identity: string }>(`SELECT ${IDENTITY} AS identity`);
  return rows[0]?.identity as string;
}

/** How many rows each table of the schema public has, by name. */
export async function countRows(pool: pg.Pool): Promise<RowCounts> {
  const counts: RowCounts = [];
  for (const table of await listTables(pool)) {
    const { rows } = await pool.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${quoted(table)}`);
    counts.push([table, Number(rows[0]?.rows)]);
  }
  return counts;
}

async function listTables(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(`
    SELECT relname::text AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`);
  return rows.map(({ name }) => name);
}

/** What of publications would be lost with the tables: for each, the statement that puts it back. */
export async function publishedTables(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ statement: string }>(`
    SELECT format('ALTER PUBLICATION %I ADD TABLE %s;', pubname, string_agg(format('public.%I', relname), ', ' ORDER BY relname))
      AS statement
    FROM pg_publication_rel
    JOIN pg_publication ON pg_publication.oid = prpubid
    JOIN pg_class ON pg_class.oid = prrelid
    WHERE relnamespace = 'public'::regnamespace
    GROUP BY pubname ORDER BY pubname`);
  return rows.map(({ statement }) => statement);
}

function quoted(table: string): string {
  return `public.${pg.escapeIdentifier(table)}`;
}
