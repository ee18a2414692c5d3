import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { PrismaClient } from '../generated/prisma/client.js';
import { PROJECT_ROOT } from '../project-root.js';

export const MIGRATIONS_DIR = path.join(PROJECT_ROOT, 'prisma', 'migrations');

export type MigrationState =
  | { state: 'current' }
  | { state: 'behind' | 'ahead' | 'failed' | 'superseded'; migrations: string[]; remedy: string };

export interface LedgerRow {
  name: string;
  checksum: string;
  finished: boolean;
}

/** The migrations before the first release, with their checksums. One took their place: see former-migrations.ts. */
export const FORMER_MIGRATIONS = new Map([
  ['20261123000000_staff_directory', '1a6dec8f6cff77dae93e188f1267a6f6cc2711b7b8f2e34a42b13b1b70f21d8b'],
  ['20261124000000_announce_departments', '6d5a720a5adeb619588093f34cac72207b8896a02584474eb343bae750e2f9be'],
  [
    '20261124000100_headcounts_by_their_owner',
    '2ecd0a96ebc9ff63d93c4220324211eaf8b9f07c7dbb34888078dc37c0b6213e',
  ],
  ['20261124000200_directory_version', '88e54a74744035bafc7df6451b5fba6f51b515249f51aa7d888f76e31d38ca40'],
]);

/** Whether the ledger holds exactly the former migrations, as they were, all finished. */
export function isFormer(ledger: LedgerRow[]): boolean {
  return (
    ledger.length === FORMER_MIGRATIONS.size &&
    new Set(ledger.map(({ name }) => name)).size === FORMER_MIGRATIONS.size &&
    ledger.every(({ name, checksum, finished }) => finished && FORMER_MIGRATIONS.get(name) === checksum)
  );
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
  if (isFormer(ledger))
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
    SELECT migration_name AS "name", checksum, finished_at IS NOT NULL AS "finished"
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`;
}
