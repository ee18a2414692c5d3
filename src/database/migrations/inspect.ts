import { readdir } from 'node:fs/promises';
import type { CheckResult } from '../check.js';
import type { DatabaseClient } from '../pool.js';

export interface LedgerRow {
  name: string;
  checksum: string;
  finished: boolean;
}

/** The migrations of a data model. */
export interface Migrations {
  /** The folder of `prisma migrate`. */
  folder: string;
  /** Names and checksums of the former migrations, which one migration of the folder replaces. */
  former: ReadonlyMap<string, string>;
}

/** True if the ledger holds exactly the former migrations, unchanged and all finished. */
export function isFormer(ledger: LedgerRow[], { former }: Migrations): boolean {
  return (
    ledger.length > 0 &&
    ledger.length === former.size &&
    new Set(ledger.map(({ name }) => name)).size === former.size &&
    ledger.every(({ name, checksum, finished }) => finished && former.get(name) === checksum)
  );
}

/** Compares migrations with the ledger that `prisma migrate` keeps in the database. */
export async function checkMigrations(client: DatabaseClient, migrations: Migrations): Promise<CheckResult> {
  const [shipped, ledger] = await Promise.all([listMigrations(migrations.folder), readLedger(client)]);
  const applied = ledger.map((row) => row.name);
  // What belongs to another application is none of ours to migrate.
  const foreign = applied.some((name) => shipped.includes(name) || migrations.former.has(name))
    ? []
    : await listForeign(client, applied);
  if (foreign.length > 0) return fault('of another application', foreign, SERVE_OTHERS);
  const failed = ledger.filter((row) => !row.finished).map((row) => row.name);
  if (failed.length > 0)
    return fault('failed', failed, `npx prisma migrate resolve --rolled-back ${failed[0]}`);
  if (isFormer(ledger, migrations)) return fault('superseded', applied, UPGRADE);
  const ahead = applied.filter((name) => !shipped.includes(name));
  if (ahead.length > 0)
    return fault('ahead', ahead, 'update Steward to the version that made these migrations');
  const behind = shipped.filter((name) => !applied.includes(name));
  if (behind.length > 0) return fault('behind', behind, await remedyOfBehind(client, applied));
  return { name: 'migrations', state: 'current' };
}

const UPGRADE = 'npx steward-mcp db upgrade, as the owner of the tables';
const SERVE_OTHERS =
  'to serve the records of this database: steward init; for what Steward brings itself, let DATABASE_URL name a database of its own: Prisma does not migrate one that holds tables (P3005)';
const MOST_NAMED = 5;

/** Where nothing was ever migrated, there may be tables of others all the same, in other schemas. */
async function remedyOfBehind(client: DatabaseClient, applied: readonly string[]): Promise<string> {
  const schemas = applied.length > 0 ? [] : await listOthersSchemas(client);
  return schemas.length === 0
    ? UPGRADE
    : `${UPGRADE}; or, to serve the records of ${schemas.join(', ')}: steward init`;
}

/**
 * Migrations of others; or, without any ledger, tables, those of extensions included, as `prisma migrate` has it. A ledger
 * without a row is one of ours before its first migration.
 */
async function listForeign(client: DatabaseClient, applied: string[]): Promise<string[]> {
  if (applied.length > 0) return applied.slice(0, MOST_NAMED);
  const tables = await client.$queryRaw<{ name: string }[]>`
    SELECT c.relname::text AS "name" FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND to_regclass('public._prisma_migrations') IS NULL
    ORDER BY 1 LIMIT ${MOST_NAMED}`;
  return tables.map(({ name }) => name);
}

/** The schemas that hold anything to read, but for what extensions brought. */
async function listOthersSchemas(client: DatabaseClient): Promise<string[]> {
  const schemas = await client.$queryRaw<{ name: string }[]>`
    SELECT DISTINCT nspname::text AS "name" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
      AND to_regclass('public._prisma_migrations') IS NULL AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1 LIMIT ${MOST_NAMED}`;
  return schemas.map(({ name }) => name);
}

function fault(state: string, migrations: string[], remedy: string): CheckResult {
  return { name: 'migrations', state, problem: { details: migrations.join(', '), remedy } };
}

/** The names of the migrations in a folder, in their order. */
export async function listMigrations(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

async function readLedger(client: DatabaseClient): Promise<LedgerRow[]> {
  const [found] = await client.$queryRaw<{ exists: boolean }[]>`
    SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS "exists"`;
  if (!found?.exists) return [];
  return client.$queryRaw<LedgerRow[]>`
    SELECT migration_name AS "name", checksum, finished_at IS NOT NULL AS "finished"
    FROM public._prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`;
}
