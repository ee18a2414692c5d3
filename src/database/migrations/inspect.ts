import { readdir } from 'node:fs/promises';
import type { CheckResult } from '../check.js';
import type { DatabaseClient } from '../client.js';

export type MigrationState =
  { state: 'current' } | { state: 'behind' | 'ahead' | 'failed'; migrations: string[]; remedy: string };

interface LedgerRow {
  name: string;
  finished: boolean;
}

/** Compares a folder of migrations with the ledger that `prisma migrate` keeps in the database. */
export async function inspectMigrations(client: DatabaseClient, folder: string): Promise<MigrationState> {
  const [shipped, ledger] = await Promise.all([listMigrations(folder), readLedger(client)]);
  const failed = ledger.filter((row) => !row.finished).map((row) => row.name);
  if (failed.length > 0) {
    return {
      state: 'failed',
      migrations: failed,
      remedy: `npx prisma migrate resolve --rolled-back ${failed[0]}`,
    };
  }
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

/** The same as the result of a database's check. */
export async function checkMigrations(client: DatabaseClient, folder: string): Promise<CheckResult> {
  const found = await inspectMigrations(client, folder);
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
    SELECT migration_name AS "name", finished_at IS NOT NULL AS "finished"
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`;
}
