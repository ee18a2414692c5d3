import { say } from './db/progress.js';
import { readDirectory } from './configuration.js';
import { readConfig } from './read-config.js';
import { openEmbedded } from '../database/embedded/index.js';

/**
 * Prints the URL of the directory's database, for `psql "$(steward database-url)"` and for prisma.config.ts. The embedded
 * one is started for it, and stays up for a while after the last connection.
 */
export async function printDatabaseUrl(): Promise<void> {
  const config = readConfig();
  let { directUrl: url } = readDirectory(config);
  if (url === undefined) {
    const embedded = await openEmbedded({ ...config.database.embedded, onProgress: say });
    await embedded.close();
    url = embedded.url;
  }
  process.stdout.write(`${url}\n`);
}
