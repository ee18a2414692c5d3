import path from 'node:path';
import type { DatabaseConfig } from '../../settings/config.js';
import { readConfig } from '../read-config.js';
import { OperatorError } from '../../errors.js';
import type { RowCounts } from '../../database/backup/server/state.js';
import { checkSeal, type Sealed } from '../../database/backup/seal.js';
import { describeProblem } from '../../database/check.js';
import { check } from '../../directory/database.js';
import { interruption, say } from './progress.js';
import { assertOwnSession, onServer } from './server-target.js';

/**
 * Restores the configured database from a backup, all of it or nothing. The whole file is checked before the database is
 * opened.
 * @throws OperatorError, StewardError
 */
export async function restore(file: string, { replace = false }: { replace?: boolean }): Promise<void> {
  const { database } = readConfig();
  const backup = path.resolve(file);
  say(`checking ${backup}`);
  const sealed = await checkSeal(backup);
  assertSameKind(sealed, database, backup);
  let counts: RowCounts;
  if (database.directUrl === undefined) {
    const { restoreEmbedded } = await import('../../database/embedded/restore.js');
    counts = await restoreEmbedded({ ...database.embedded, onProgress: say }, backup, sealed, replace);
  } else counts = await restoreServer(database, database.directUrl, backup, replace);
  say(`restored: ${counts.map(([table, rows]) => `${table} ${rows}`).join(', ')}`);
}

function assertSameKind({ kind }: Sealed, database: DatabaseConfig, file: string): void {
  const target = database.directUrl === undefined ? 'embedded' : 'server';
  if (kind === target) return;
  const [made, configured] =
    kind === 'server'
      ? ['a PostgreSQL server', 'the embedded one is configured: set DATABASE_URL']
      : ['an embedded database', 'a server is configured: unset DATABASE_URL and DB_NAME'];
  throw new OperatorError(`${file} is a backup of ${made}, and ${configured}. Nothing was changed.`);
}

function restoreServer(
  config: DatabaseConfig,
  url: string,
  file: string,
  replace: boolean,
): Promise<RowCounts> {
  return onServer(config, url, async (target, { client }) => {
    const { load } = await import('../../database/backup/server/load.js');
    const { countRows } = await import('../../database/backup/server/state.js');
    await assertOwnSession(config, target);
    say('restoring the database');
    const publications = await load(target, file, replace, interruption());
    if (publications.length > 0)
      say(`Publications have lost the tables that were replaced. Add them again: ${publications.join(' ')}`);
    const counts = await countRows(target.pool);
    const migrations = await check(client);
    if (migrations.problem) say(describeProblem(migrations));
    return counts;
  });
}
