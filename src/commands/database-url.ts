import { loadConfig } from '../config.js';
import { openEmbedded } from '../database/embedded/index.js';

/**
 * Prints the URL of the configured database, for `psql "$(steward database-url)"` and for prisma.config.ts. The embedded
 * one is started for it, and stays up for a while after the last connection.
 */
export async function printDatabaseUrl(): Promise<void> {
  const { database } = loadConfig();
  process.stdout.write(`${database.url ?? (await embeddedUrl(database.dataDir))}\n`);
}

async function embeddedUrl(dataDir: string): Promise<string> {
  const embedded = await openEmbedded({ dataDir, onProgress: (text) => process.stderr.write(`${text}\n`) });
  await embedded.close();
  return embedded.url;
}
