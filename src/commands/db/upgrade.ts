import { describeProblem } from '../../database/check.js';
import { databaseCode, INSUFFICIENT_PRIVILEGE } from '../../database/errors.js';
import { applyMigrations } from '../../database/migrations/apply.js';
import { check, MIGRATIONS } from '../../directory/database.js';
import { OperatorError } from '../../errors.js';
import { upgradeFormer } from '../../directory/former-migrations.js';
import { createLog, describeError } from '../../observability/log.js';
import type { DatabaseConfig } from '../../settings/config.js';
import { readDirectory } from '../configuration.js';
import { readConfig } from '../read-config.js';
import { say } from './progress.js';
import { onServer } from './server-target.js';

/**
 * Brings the directory's database to the current migrations, from none, from some, or from those before the first release.
 * @throws OperatorError, also if it cannot be upgraded; StewardError when the database does not answer
 */
export async function upgrade(): Promise<void> {
  const config = readConfig();
  const { database } = config;
  const { directUrl } = readDirectory(config);
  if (directUrl === undefined) return upgradeEmbedded(database);
  await onServer(database, directUrl, async ({ pool }, { client }) => {
    const found = await check(client);
    if (found.state === 'behind') {
      await applyMigrations(pool, MIGRATIONS.folder).catch(explainRefusal);
      return say('upgraded');
    }
    if (found.state === 'superseded' && (await upgradeFormer(pool))) return say('upgraded');
    if (found.state === 'superseded' || found.state === 'current')
      return say('nothing to do: the migrations are current');
    throw new OperatorError(`Nothing was changed: ${describeProblem(found)}`);
  });
}

function explainRefusal(error: unknown): never {
  if (databaseCode(error) !== INSUFFICIENT_PRIVILEGE) throw error;
  throw new OperatorError(
    `The database was not upgraded: ${describeError(error)}. Connect as the owner of its tables, who may create others in the schema public.`,
    { cause: error },
  );
}

/** Opening the embedded database upgrades it. */
async function upgradeEmbedded(config: DatabaseConfig): Promise<void> {
  const { openPrepared } = await import('../../directory/prepare-embedded.js');
  const embedded = await openPrepared(config, createLog('silent'), say);
  await embedded.close();
  say('the migrations are current');
}
