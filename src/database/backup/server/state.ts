import type pg from 'pg';

/** The number of rows of each table. */
export type RowCounts = [table: string, rows: number][];

/** The database of a server, to back up or to replace. */
export interface ServerTarget {
  url: string;
  pool: pg.Pool;
  /** The configured folder of PostgreSQL's programs. */
  binDir: string | undefined;
}

interface ServerState {
  role: string;
  major: number;
  /** The owner of the table users; null if there is no such table. */
  owner: string | null;
  /** The tables, views and sequences of the schema public, except those of extensions. */
  relations: string[];
  /** The relations that this role may not read. */
  unreadable: string[];
  /** The relations that this role does not own. */
  foreign: string[];
  mayCreate: boolean;
  /** One statement for each publication of single tables; it adds them again. */
  publications: string[];
}

export async function readState(pool: pg.Pool): Promise<ServerState> {
  const { rows } = await pool.query<ServerState>(`
    WITH relations AS (
      SELECT oid, relname::text AS name, relowner FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm', 'f')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'))
    SELECT current_user::text AS role,
      current_setting('server_version_num')::int / 10000 AS major,
      (SELECT rolname::text FROM relations JOIN pg_roles ON pg_roles.oid = relowner WHERE name = 'users') AS owner,
      ARRAY(SELECT name FROM relations ORDER BY 1) AS relations,
      ARRAY(SELECT name FROM relations WHERE NOT has_table_privilege(oid, 'SELECT') ORDER BY 1) AS unreadable,
      ARRAY(SELECT name FROM relations WHERE NOT pg_has_role(relowner, 'MEMBER') ORDER BY 1) AS foreign,
      has_schema_privilege('public', 'CREATE') AS "mayCreate",
      ARRAY(SELECT format('ALTER PUBLICATION %I ADD TABLE %s;', pubname, string_agg(prrelid::regclass::text, ', ' ORDER BY 1))
        FROM pg_publication JOIN pg_publication_rel ON prpubid = pg_publication.oid JOIN relations ON relations.oid = prrelid
        GROUP BY pubname ORDER BY 1) AS publications`);
  return rows[0] as ServerState;
}

/** Counts the rows of each table of the schema public, on a server or in PGlite. */
export async function countRows(database: {
  query(sql: string): Promise<{ rows: unknown[] }>;
}): Promise<RowCounts> {
  const { rows: tables } = await database.query(`
    SELECT relname::text AS name, format('public.%I', relname) AS quoted FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`);
  const counts: RowCounts = [];
  for (const { name, quoted } of tables as { name: string; quoted: string }[]) {
    const { rows } = await database.query(`SELECT count(*) FROM ${quoted}`);
    counts.push([name, Number((rows as { count: unknown }[])[0]?.count)]);
  }
  return counts;
}
