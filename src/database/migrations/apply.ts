import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { listMigrations } from './inspect.js';

/** The advisory lock under which `prisma migrate` works. */
export const MIGRATION_LOCK = 72_707_369;

/** The ledger of `prisma migrate`, the same to the column, so that both can be used on one database. */
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
 * Applies the migrations of a folder that a database lacks. A transaction excludes all others that migrate, and begins with
 * a look at the ledger, so several processes may do this at once. A migration and its entry in the ledger are one
 * transaction: the next try continues after a kill at any moment. `prisma migrate deploy` would leave a failed migration
 * for the operator to resolve.
 */
export async function applyMigrations(pool: pg.Pool, folder: string): Promise<void> {
  for (const name of await listMigrations(folder)) {
    const script = await readFile(path.join(folder, name, 'migration.sql'), 'utf8');
    await inTransaction(pool, async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
      await client.query(CREATE_LEDGER);
      const applied = 'SELECT FROM "_prisma_migrations" WHERE "migration_name" = $1';
      if ((await client.query(applied, [name])).rowCount !== 0) return;
      await client.query(script);
      await recordMigration(client, name, script);
    });
  }
}

/** Runs work in a transaction, which an error rolls back. */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** Enters a migration into the ledger as finished, with the checksum of its script as `prisma migrate` computes it. */
export async function recordMigration(client: pg.PoolClient, name: string, script: string): Promise<void> {
  await client.query(
    `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
     VALUES ($1, $2, $3, now(), 1)`,
    [randomUUID(), createHash('sha256').update(script).digest('hex'), name],
  );
}
