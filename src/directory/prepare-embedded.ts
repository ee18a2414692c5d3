import { openEmbedded, type Embedded } from '../database/embedded/index.js';
import { applyMigrations } from '../database/migrations/apply.js';
import { checkMigrations } from '../database/migrations/inspect.js';
import { connect } from '../database/pool.js';
import type { Log } from '../observability/log.js';
import type { DatabaseConfig } from '../settings/config.js';
import { createClient, MIGRATIONS } from './database.js';
import { upgradeFormer } from './former-migrations.js';
import { seedIfEmpty } from './seed.js';

/** Longest wait for a connection: a slow machine takes its time for the first ones. A call waits no longer than its own time. */
const ACQUIRE_TIMEOUT_MS = 45_000;

/**
 * Opens the embedded database, and migrates and seeds it if needed.
 * @param onProgress called with one line for each step or wait
 * @throws UnusableDatabaseError if it cannot be opened
 */
export async function openPrepared(
  config: DatabaseConfig,
  log: Log,
  onProgress: (text: string) => void,
): Promise<Embedded> {
  const embedded = await openEmbedded({ ...config.embedded, onProgress });
  try {
    await prepareEmbedded(embedded, config, log);
    return embedded;
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

/**
 * Migrates the embedded database, and seeds it if it has no users. Two servers may do so at once: each step checks first,
 * in its transaction, and a transaction has the embedded database to itself. After a kill the next start does the rest.
 * A database that another version migrated is left as it is.
 */
async function prepareEmbedded(embedded: Embedded, config: DatabaseConfig, log: Log): Promise<void> {
  const patient = {
    ...config.session,
    pool: { ...config.session.pool, acquireTimeoutMs: ACQUIRE_TIMEOUT_MS },
  };
  const connections = connect(embedded.url, patient, createClient, log);
  const { client, pool } = connections;
  try {
    const { state } = await checkMigrations(client, MIGRATIONS);
    if (state === 'behind') {
      log.info('migrating the embedded database');
      await applyMigrations(pool, MIGRATIONS.folder);
    } else if (state === 'superseded') {
      log.info('upgrading the embedded database');
      await upgradeFormer(pool);
    } else if (state !== 'current') return;
    const created = await seedIfEmpty(client);
    if (created > 0) log.info(`seeded the embedded database with a sample organisation of ${created} users`);
  } finally {
    await connections.close();
  }
}
