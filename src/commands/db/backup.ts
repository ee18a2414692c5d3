import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readDirectory } from '../configuration.js';
import { readConfig } from '../read-config.js';
import { writeNewFile } from '../../database/backup/new-file.js';
import { interruption, say } from './progress.js';
import { assertOwnSession, onServer } from './server-target.js';

/**
 * Backs the directory's database up into a file, while it is in use.
 * @throws OperatorError, StewardError; the file is unchanged then
 */
export async function backUp(file: string, { overwrite = false }: { overwrite?: boolean }): Promise<void> {
  const config = readConfig();
  const { database } = config;
  const directory = readDirectory(config);
  const target = path.resolve(file);
  const signal = interruption();
  await writeNewFile(target, overwrite, async (to) => {
    if (directory.directUrl === undefined) {
      const { backUpEmbedded } = await import('../../database/embedded/backup.js');
      return backUpEmbedded({ ...database.embedded, onProgress: say }, to, signal);
    }
    const { dump } = await import('../../database/backup/server/dump.js');
    say('dumping the database');
    await onServer(database, directory.directUrl, async (server) => {
      await assertOwnSession(directory, server);
      await dump(server, to, signal);
    });
  }).catch((error: unknown) => {
    // Node's own error for an aborted stream does not hold the reason.
    signal.throwIfAborted();
    throw error;
  });
  say(`backed up to ${target} (${((await stat(target)).size / 1024).toFixed(1)} kB)`);
}
