import type { DatabaseConfig } from '../settings/config.js';
import { readConfig } from './read-config.js';
import { openEmbedded } from '../database/embedded/index.js';

/**
 * Prints the URL of the configured database, for `psql "$(steward database-url)"` and for prisma.config.ts. The embedded
 * one is started for it, and stays up for a while after the last connection.
 */
export async function printDatabaseUrl(): Promise<void> {
  const { database } = readConfig();
  process.stdout.write(`${database.url ?? (await embeddedUrl(database.embedded))}\n`);
}

async function embeddedUrl(options: DatabaseConfig['embedded']): Promise<string> {
  const embedded = await openEmbedded({
    ...options,
    onProgress: (text) => process.stderr.write(`${text}\n`),
  });
  await embedded.close();
  return embedded.url;
}
