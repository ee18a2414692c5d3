import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { INSUFFICIENT_PRIVILEGE } from '../database/errors.js';
import { inTransaction, MIGRATION_LOCK, recordMigration } from '../database/migrations/apply.js';
import { isFormer, listMigrations, type LedgerRow } from '../database/migrations/inspect.js';
import { UnusableDatabaseError } from '../database/check.js';
import { MIGRATIONS } from './database.js';

/** An error names at most this many differences. */
const NAMED_DIFFERENCES = 3;
/** A schema to apply the current migration in, for comparison. It is rolled back. */
const PROBE = 'steward_upgrade';
/** The migration that replaces the former ones; those after it are applied as they are. */
const INITIAL = '20261128000000_staff_directory';

/** Drops the objects that only the former migrations made. It fails if another object depends on one of them. */
const DROP_FORMER_OBJECTS = `
  DROP TRIGGER users_move_version ON users;
  DROP TRIGGER departments_move_version ON departments;
  DROP TRIGGER headcounts_move_version ON headcounts;
  DROP FUNCTION move_directory_version();
  DROP SEQUENCE directory_version, departments_version;`;

/**
 * Describes a schema from the catalogue, one line an object, without the schema's name: relations, columns, indexes,
 * constraints, triggers and functions. It leaves out the ledger and the objects of extensions.
 */
const DESCRIPTION = `
  WITH relations AS (
    SELECT oid, relname, relkind, relrowsecurity, reloptions FROM pg_class
    WHERE relnamespace = $1::regnamespace AND relname !~ '^_prisma_migrations' AND relkind <> 'c'
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'))
  SELECT replace(replace(line, $1 || '.', ''), 'public.', '') AS line FROM (
    SELECT concat_ws(' ', 'relation', relname, relkind, relrowsecurity, reloptions) AS line FROM relations
    UNION ALL
    SELECT concat_ws(' ', 'column', relname || '.' || attname, format_type(atttypid, atttypmod),
      CASE WHEN attnotnull THEN 'NOT NULL' END, nullif(attgenerated, ''), nullif(attidentity, ''), pg_get_expr(adbin, adrelid))
    FROM relations JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind NOT IN ('i', 'I', 'S')
    UNION ALL
    SELECT 'index ' || pg_get_indexdef(oid) FROM relations WHERE relkind IN ('i', 'I')
    UNION ALL
    SELECT concat_ws(' ', 'constraint', relname || '.' || conname, pg_get_constraintdef(pg_constraint.oid))
    FROM relations JOIN pg_constraint ON conrelid = relations.oid
    UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(pg_trigger.oid), tgenabled)
    FROM relations JOIN pg_trigger ON tgrelid = relations.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'function', pg_get_functiondef(oid), has_function_privilege('public', oid, 'EXECUTE')) FROM pg_proc
    WHERE pronamespace = $1::regnamespace AND prokind <> 'a'
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
  ) AS lines`;

/**
 * Upgrades a database of the four former migrations to the current ones, in one transaction. Of several upgrades at
 * once, one makes the change.
 * @returns whether this one made it
 * @throws UnusableDatabaseError if anything but the former objects differs; nothing is changed then
 */
export function upgradeFormer(pool: pg.Pool): Promise<boolean> {
  return inTransaction(pool, upgrade).catch((error: unknown) => {
    throw translateRefusal(error) ?? error;
  });
}

async function upgrade(client: pg.PoolClient): Promise<boolean> {
  await client.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
  const { rows: ledger } = await client.query<LedgerRow>(`
    SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
    FROM _prisma_migrations WHERE rolled_back_at IS NULL`);
  if (!isFormer(ledger, MIGRATIONS)) return false;
  const script = await readFile(path.join(MIGRATIONS.folder, INITIAL, 'migration.sql'), 'utf8');
  await client.query(DROP_FORMER_OBJECTS);
  assertSame(await describe(client, 'public'), await describeMigration(client, script));
  await client.query('DELETE FROM _prisma_migrations WHERE migration_name = ANY ($1)', [
    [...MIGRATIONS.former.keys()],
  ]);
  for (const name of await listMigrations(MIGRATIONS.folder)) {
    const later = await readFile(path.join(MIGRATIONS.folder, name, 'migration.sql'), 'utf8');
    if (name !== INITIAL) await client.query(later);
    await recordMigration(client, name, later);
  }
  return true;
}

async function describe(client: pg.PoolClient, schema: string): Promise<Set<string>> {
  const { rows } = await client.query<{ line: string }>(DESCRIPTION, [schema]);
  return new Set(rows.map(({ line }) => line));
}

/** Applies the migration in a schema of its own, and describes the result. */
async function describeMigration(client: pg.PoolClient, script: string): Promise<Set<string>> {
  await client.query(`SAVEPOINT probe; CREATE SCHEMA ${PROBE}; SET LOCAL search_path = ${PROBE}, public`);
  await client.query(script);
  const described = await describe(client, PROBE);
  await client.query('ROLLBACK TO SAVEPOINT probe');
  return described;
}

function assertSame(found: Set<string>, expected: Set<string>): void {
  const differences = [
    ...[...found].filter((line) => !expected.has(line)).map((line) => `there is ${line}`),
    ...[...expected].filter((line) => !found.has(line)).map((line) => `there is no ${line}`),
  ];
  if (differences.length > 0) throw refuse(differences.slice(0, NAMED_DIFFERENCES).join('; '));
}

/** Translates the errors with which PostgreSQL refuses the change. */
function translateRefusal(error: unknown): UnusableDatabaseError | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  if (error.code === INSUFFICIENT_PRIVILEGE)
    return new UnusableDatabaseError(
      `The database was not upgraded: ${error.message}. Run steward db upgrade as the owner of its tables, who may create schemas in it.`,
      { cause: error },
    );
  // An object is missing, exists twice, or another one depends on it.
  if (/^(42|2BP01)/.test(error.code ?? ''))
    return refuse([error.message, error.detail].filter(Boolean).join(': '), error);
  return undefined;
}

function refuse(reason: string, cause?: unknown): UnusableDatabaseError {
  const shown = reason.replace(/\s+/g, ' ');
  return new UnusableDatabaseError(
    `The schema differs from that of Steward's former migrations, and nothing was changed: ${shown}. Undo that change of the schema, then run steward db upgrade again.`,
    { cause },
  );
}
