import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { PrismaClient } from '../../generated/prisma/client.js';
import { PROJECT_ROOT } from '../../project-root.js';

export const MIGRATIONS_DIR = path.join(PROJECT_ROOT, 'prisma', 'migrations');

export type MigrationState =
  { state: 'current' } | { state: 'behind' | 'ahead' | 'failed'; migrations: string[]; remedy: string };

interface LedgerRow {
  name: string;
  finished: boolean;
}

/** Compares `prisma/migrations` with the ledger that `prisma migrate` keeps in the database. */
export async function inspectMigrations(prisma: PrismaClient): Promise<MigrationState> {
  const [shipped, ledger] = await Promise.all([shippedMigrations(), readLedger(prisma)]);
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

async function shippedMigrations(): Promise<string[]> {
  const entries = await readdir(MIGRATIONS_DIR, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

async function readLedger(prisma: PrismaClient): Promise<LedgerRow[]> {
  const [found] = await prisma.$queryRaw<{ exists: boolean }[]>`
    SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "exists"`;
  if (!found?.exists) return [];
  return prisma.$queryRaw<LedgerRow[]>`
    SELECT migration_name AS "name", finished_at IS NOT NULL AS "finished"
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`;
}
