import { loadConfig, type DatabaseConfig } from '../../config.js';
import { upgradeFormer } from '../../database/former-migrations.js';
import { inspectMigrations } from '../../database/migrations.js';
import { UnusableDatabaseError } from '../../database/unusable.js';
import { createLog } from '../../log.js';
import { say } from './progress.js';
import { onServer } from './server-target.js';

/**
 * Makes a database of the migrations before the first release one of the current migration.
 * @throws ConfigError; UnusableDatabaseError where it cannot be upgraded; StewardError when the database does not answer
 */
export async function upgrade(): Promise<void> {
  const { database } = loadConfig();
  if (database.url === undefined) return upgradeEmbedded(database);
  await onServer(database, database.url, async ({ pool }, { prisma }) => {
    const found = await inspectMigrations(prisma);
    if (found.state === 'superseded' && (await upgradeFormer(pool))) return say('upgraded');
    if (found.state === 'superseded' || found.state === 'current')
      return say('nothing to do: the migrations are current');
    throw new UnusableDatabaseError(
      `Nothing was changed: the migrations are ${found.state} (${found.migrations.join(', ')}). To fix it: ${found.remedy}`,
    );
  });
}

/** The embedded database is upgraded whenever it is opened. */
async function upgradeEmbedded(config: DatabaseConfig): Promise<void> {
  const { openPrepared } = await import('../../database/prepare-embedded.js');
  const embedded = await openPrepared(config, createLog('silent'), say);
  await embedded.close();
  say('the migrations are current');
}
