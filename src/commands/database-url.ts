import { say } from './db/progress.js';
import { readConfig } from './read-config.js';
import { openEmbedded } from '../database/embedded/index.js';

/**
 * Prints the URL of the configured database, for `psql "$(steward database-url)"` and for prisma.config.ts. The embedded
 * one is started for it, and stays up for a while after the last connection.
 */
export async function printDatabaseUrl(): Promise<void> {
  const { database } = readConfig();
  let { directUrl: url } = database;
  if (url === undefined) {
    const embedded = await openEmbedded({ ...database.embedded, onProgress: say });
    await embedded.close();
    url = embedded.url;
  }
  process.stdout.write(`${url}\n`);
}
