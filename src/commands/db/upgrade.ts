import { describeProblem } from '../../database/check.js';
import { check } from '../../directory/database.js';
import { OperatorError } from '../../errors.js';
import { upgradeFormer } from '../../directory/former-migrations.js';
import { createLog } from '../../observability/log.js';
import type { DatabaseConfig } from '../../settings/config.js';
import { readConfig } from '../read-config.js';
import { say } from './progress.js';
import { onServer } from './server-target.js';

/**
 * Upgrades a database of the migrations before the first release to the current one.
 * @throws OperatorError, also if it cannot be upgraded; StewardError when the database does not answer
 */
export async function upgrade(): Promise<void> {
  const { database } = readConfig();
  if (database.directUrl === undefined) return upgradeEmbedded(database);
  await onServer(database, database.directUrl, async ({ pool }, { client }) => {
    const found = await check(client);
    if (found.state === 'superseded' && (await upgradeFormer(pool))) return say('upgraded');
    if (found.state === 'superseded' || found.state === 'current')
      return say('nothing to do: the migrations are current');
    throw new OperatorError(`Nothing was changed: ${describeProblem(found)}`);
  });
}

/** Opening the embedded database upgrades it. */
async function upgradeEmbedded(config: DatabaseConfig): Promise<void> {
  const { openPrepared } = await import('../../directory/prepare-embedded.js');
  const embedded = await openPrepared(config, createLog('silent'), say);
  await embedded.close();
  say('the migrations are current');
}
