import path from 'node:path';
import type { DatabaseConfig } from '../../settings/config.js';
import { readDirectory, type ServedDirectory } from '../configuration.js';
import { readConfig } from '../read-config.js';
import { OperatorError } from '../../errors.js';
import type { RowCounts } from '../../database/backup/server/state.js';
import { checkSeal, type Sealed } from '../../database/backup/seal.js';
import { describeProblem } from '../../database/check.js';
import { check } from '../../directory/database.js';
import { interruption, say } from './progress.js';
import { assertOwnSession, onServer } from './server-target.js';

/**
 * Restores the directory's database from a backup, all of it or nothing. The whole file is checked before the database is
 * opened.
 * @throws OperatorError, StewardError
 */
export async function restore(file: string, { replace = false }: { replace?: boolean }): Promise<void> {
  const config = readConfig();
  const { database } = config;
  const directory = readDirectory(config);
  const backup = path.resolve(file);
  say(`checking ${backup}`);
  const sealed = await checkSeal(backup);
  assertSameKind(sealed, directory, backup);
  let counts: RowCounts;
  if (directory.directUrl === undefined) {
    const { restoreEmbedded } = await import('../../database/embedded/restore.js');
    counts = await restoreEmbedded({ ...database.embedded, onProgress: say }, backup, sealed, replace);
  } else counts = await restoreServer(database, directory, directory.directUrl, backup, replace);
  say(`restored: ${counts.map(([table, rows]) => `${table} ${rows}`).join(', ')}`);
}

function assertSameKind({ kind }: Sealed, directory: ServedDirectory, file: string): void {
  const target = directory.directUrl === undefined ? 'embedded' : 'server';
  if (kind === target) return;
  const [made, configured] =
    kind === 'server'
      ? [
          'a PostgreSQL server',
          'the embedded one is configured: set DATABASE_URL, or directory.url of the configuration file',
        ]
      : [
          'an embedded database',
          'a server is configured: unset DATABASE_URL and DB_NAME, and directory.url of the configuration file',
        ];
  throw new OperatorError(`${file} is a backup of ${made}, and ${configured}. Nothing was changed.`);
}

function restoreServer(
  config: DatabaseConfig,
  directory: ServedDirectory,
  url: string,
  file: string,
  replace: boolean,
): Promise<RowCounts> {
  return onServer(config, url, async (target, { client }) => {
    const { load } = await import('../../database/backup/server/load.js');
    const { countRows } = await import('../../database/backup/server/state.js');
    await assertOwnSession(directory, target);
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
