import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import type { DatabaseConfig } from '../../settings/config.js';
import { readConfig } from '../read-config.js';
import { writeNewFile } from '../../database/backup/new-file.js';
import { interruption } from './interruption.js';
import { say, size, watchBytes } from './progress.js';
import { onServer } from './server-target.js';

/**
 * Backs the configured database up into a file, while everybody goes on working with it.
 * @throws ConfigError; BackupError, EmbeddedDatabaseError, StewardError; then there is no such file, or the former one
 */
export async function backUp(file: string, { overwrite = false }: { overwrite?: boolean }): Promise<void> {
  const { database } = readConfig();
  const target = path.resolve(file);
  const signal = interruption();
  await writeNewFile(target, overwrite, (to) =>
    database.url === undefined
      ? backUpEmbedded(database, to, signal)
      : backUpServer(database, database.url, to, signal),
  );
  say(`backed up to ${target} (${size((await stat(target)).size)})`);
}

function backUpServer(config: DatabaseConfig, url: string, to: Writable, signal: AbortSignal): Promise<void> {
  return onServer(config, url, async (target) => {
    const { prepareDump } = await import('../../database/backup/server/dump.js');
    const dump = await prepareDump(target);
    say('dumping the database');
    await dump(to, watchBytes('written'), signal);
  });
}

async function backUpEmbedded(
  { embedded }: DatabaseConfig,
  to: Writable,
  signal: AbortSignal,
): Promise<void> {
  const module = await import('../../database/embedded/backup.js');
  await module.backUpEmbedded({ ...embedded, onProgress: say }, to, signal);
}
