import { readdir } from 'node:fs/promises';
import type { CheckResult } from '../check.js';
import type { DatabaseClient } from '../pool.js';

export type MigrationState =
  | { state: 'current' }
  | { state: 'behind' | 'ahead' | 'failed' | 'superseded'; migrations: string[]; remedy: string };

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
export async function inspectMigrations(
  client: DatabaseClient,
  migrations: Migrations,
): Promise<MigrationState> {
  const [shipped, ledger] = await Promise.all([listMigrations(migrations.folder), readLedger(client)]);
  const failed = ledger.filter((row) => !row.finished).map((row) => row.name);
  if (failed.length > 0) {
    return {
      state: 'failed',
      migrations: failed,
      remedy: `npx prisma migrate resolve --rolled-back ${failed[0]}`,
    };
  }
  if (isFormer(ledger, migrations))
    return {
      state: 'superseded',
      migrations: ledger.map((row) => row.name),
      remedy: 'steward db upgrade, as the owner of the tables',
    };
  const applied = new Set(ledger.map((row) => row.name));
  const ahead = [...applied].filter((name) => !shipped.includes(name));
  if (ahead.length > 0) {
    return {
      state: 'ahead',
      migrations: ahead,
      remedy: 'update Steward to the version that made these migrations',
    };
  }
  const behind = shipped.filter((name) => !applied.has(name));
  if (behind.length > 0) return { state: 'behind', migrations: behind, remedy: 'npx prisma migrate deploy' };
  return { state: 'current' };
}

/** Returns the result of `inspectMigrations` as that of a check. */
export async function checkMigrations(client: DatabaseClient, migrations: Migrations): Promise<CheckResult> {
  const found = await inspectMigrations(client, migrations);
  if (found.state === 'current') return { name: 'migrations', state: 'current' };
  const problem = { details: found.migrations.join(', '), remedy: found.remedy };
  return { name: 'migrations', state: found.state, problem };
}

async function listMigrations(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

async function readLedger(client: DatabaseClient): Promise<LedgerRow[]> {
  const [found] = await client.$queryRaw<{ exists: boolean }[]>`
    SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "exists"`;
  if (!found?.exists) return [];
  return client.$queryRaw<LedgerRow[]>`
    SELECT migration_name AS "name", checksum, finished_at IS NOT NULL AS "finished"
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`;
}
