import pg from 'pg';
import { IDENTITY } from './state.js';

/** How long Stewards that are in the middle of something are waited for. */
const LOCK_WAIT_MS = 30_000;

/** Begins what the script raises where something is there that it may not drop; what that is follows. */
export const THERE = 'steward: there is ';

/**
 * What the schema public holds, in the order in which it can be dropped. What an extension made there is nobody's data;
 * the sequence of a serial column goes with its table.
 */
const OBJECTS = `
  SELECT place, kind, oid, name, relation FROM (
    SELECT CASE relkind WHEN 'v' THEN 1 WHEN 'm' THEN 2 WHEN 'f' THEN 3 WHEN 'S' THEN 5 WHEN 'c' THEN 7 ELSE 4 END AS place,
      CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
        WHEN 'S' THEN 'SEQUENCE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS kind,
      'pg_class'::regclass AS class, oid, format('public.%I', relname) AS name, relname::text AS relation
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f', 'r', 'p', 'S', 'c')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
        AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i'))
    UNION ALL
    SELECT 6, 'ROUTINE', 'pg_proc'::regclass, oid, oid::regprocedure::text, proname::text
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 7, 'TYPE', 'pg_type'::regclass, oid, format('public.%I', typname), typname::text FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typrelid = 0 AND typtype IN ('e', 'd', 'r')
  ) AS own
  WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = own.class AND objid = own.oid AND deptype = 'e')`;

/** What the migrations made: it is not in the way as long as its tables hold no more than they put there. */
const MIGRATED = {
  TABLE: ['_prisma_migrations', 'departments', 'headcounts', 'user_audit_log', 'user_preferences', 'users'],
  ROUTINE: ['follow_users', 'refuse_change'],
};

const STRANGERS = `
  SELECT string_agg(lower(kind) || ' ' || name, ', ' ORDER BY place, name) FROM (${OBJECTS}) AS objects
  WHERE NOT (${Object.entries(MIGRATED)
    .map(([kind, names]) => `kind = '${kind}' AND relation IN (${names.map(literal).join(', ')})`)
    .join(' OR ')})`;

/** The rows that are no migration's, of a table of Steward's. */
function rowsOf(table: string): string {
  return `SELECT FROM public.${table}${table === 'departments' ? ' WHERE id > 1' : ''} LIMIT 1`;
}
const FILLABLE = MIGRATED.TABLE.filter((table) => table !== '_prisma_migrations');

/** What a restore that may replace nothing would replace, for people; undefined where there is nothing. */
export async function whatIsThere(pool: pg.Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ string_agg: string | null }>(STRANGERS);
  const there = [rows[0]?.string_agg ?? []].flat();
  for (const table of FILLABLE) {
    const found = await pool.query<{ table: string | null }>('SELECT to_regclass($1)::text AS table', [
      `public.${table}`,
    ]);
    if (found.rows[0]?.table && (await pool.query(rowsOf(table))).rowCount) there.push(`rows in ${table}`);
  }
  return there.length > 0 ? there.join(', ') : undefined;
}

/**
 * Begins a transaction, makes sure that it is in the database that was looked at, empties the schema public and makes ready
 * what a backup relies on. What an extension made stays: pg_stat_statements is nobody's data. So does everything if
 * something in another schema depends on a table, or, unless it may be replaced, if anything came there since it was
 * looked at: the tables are locked first, and only what was there then is dropped.
 * 72707369 is the lock under which `prisma migrate` works.
 */
export function emptySchema(identity: string, replace: boolean): string {
  return `
BEGIN;
SET LOCAL lock_timeout = ${LOCK_WAIT_MS};
SELECT set_config('steward.database', ${literal(identity)}, true);
SELECT pg_advisory_xact_lock(72707369);
DO $$
DECLARE
  owner text := (SELECT relowner::regrole FROM pg_class WHERE oid = to_regclass('public.users'));
  there text;
  tables text;
  drops text[];
  statement text;
BEGIN
  IF current_setting('steward.database') <> ${IDENTITY} THEN
    RAISE EXCEPTION 'psql was led to another database (%) than the one of DATABASE_URL', current_database();
  END IF;
  -- Whose the tables are, theirs they stay.
  IF owner IS NOT NULL THEN EXECUTE 'SET LOCAL ROLE ' || owner; END IF;
  -- In the order in which Stewards come by them: their triggers count users after they have written them.
  SELECT string_agg(name, ', ' ORDER BY relation <> 'users', name) INTO tables FROM (${OBJECTS}) AS objects WHERE kind = 'TABLE';
  IF tables IS NOT NULL THEN EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE'; END IF;
  -- By one statement with the list of what is dropped, so that nothing can come between.
  SELECT array_agg(format('DROP %s %s', kind, names) ORDER BY place, kind), (${STRANGERS}) INTO drops, there
  FROM (SELECT place, kind, string_agg(name, ', ') AS names FROM (${OBJECTS}) AS objects GROUP BY place, kind) AS kinds;
${replace ? '' : refuseWhatIsThere()}
  FOREACH statement IN ARRAY coalesce(drops, '{}') LOOP
    EXECUTE statement;
  END LOOP;
END $$;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
`;
}

function refuseWhatIsThere(): string {
  const rows = FILLABLE.map(
    (table) => `
  IF to_regclass('public.${table}') IS NOT NULL THEN
    -- By itself: PostgreSQL looks for the tables of a whole condition before it evaluates any of it.
    IF EXISTS (${rowsOf(table)}) THEN there := concat_ws(', ', there, 'rows in ${table}'); END IF;
  END IF;`,
  );
  return `${rows.join('')}
  IF there IS NOT NULL THEN RAISE EXCEPTION '${THERE}%', there; END IF;`;
}

function literal(text: string): string {
  return pg.escapeLiteral(text);
}
