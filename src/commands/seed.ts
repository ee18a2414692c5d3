import { loadConfig } from '../settings/config.js';
import { Database } from '../database/index.js';
import { seedIfEmpty } from '../directory/seed.js';
import { createLog } from '../observability/log.js';

/** Fills the configured database with the sample organisation, if nobody is in it yet. */
export async function seedDatabase(): Promise<void> {
  const config = loadConfig();
  const database = new Database(config.database, createLog(config.logLevel));
  try {
    const created = await seedIfEmpty(await database.ready());
    process.stderr.write(
      created > 0 ? `Created ${created} users.\n` : 'The directory has users already; nothing was changed.\n',
    );
  } finally {
    await database.close();
  }
}
