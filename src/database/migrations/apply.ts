import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';

/** The ledger as `prisma migrate` makes it, so that the two can work on one database in turn. */
const CREATE_LEDGER = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

/**
 * Applies migrations, in the order given, to the embedded database, where a transaction excludes all others: each looks
 * into the ledger first, so several processes may do this at once. Unlike `prisma migrate deploy`, it makes
 * a migration and its entry in the ledger one transaction: a kill at any moment leaves a database that the next start
 * can go on with, where the other would leave a migration for failed that an operator has to look into.
 */
export async function applyMigrations(pool: pg.Pool, folder: string, names: string[]): Promise<void> {
  const client = await pool.connect();
  try {
    for (const name of names) await applyMigration(client, folder, name);
  } finally {
    client.release();
  }
}

async function applyMigration(client: pg.PoolClient, folder: string, name: string): Promise<void> {
  const script = await readFile(path.join(folder, name, 'migration.sql'), 'utf8');
  const checksum = createHash('sha256').update(script).digest('hex');
  await client.query('BEGIN');
  try {
    await client.query(CREATE_LEDGER);
    const { rowCount } = await client.query('SELECT FROM "_prisma_migrations" WHERE "migration_name" = $1', [
      name,
    ]);
    if (rowCount === 0) {
      await client.query(script);
      await client.query(
        `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
         VALUES ($1, $2, $3, now(), 1)`,
        [randomUUID(), checksum, name],
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
