import { seedIfEmpty } from '../directory/seed.js';
import { createLog } from '../observability/log.js';
import { openDirectoryDatabase } from './compose.js';
import { readDirectory } from './configuration.js';
import { readConfig } from './read-config.js';

/** Fills the configured database with the sample organisation, if it has no users yet. */
export async function seedDatabase(): Promise<void> {
  const config = readConfig();
  const database = openDirectoryDatabase(
    config,
    { ...readDirectory(config), readOnly: false },
    createLog(config.logLevel),
  );
  try {
    const created = await seedIfEmpty(await database.ready());
    process.stderr.write(
      created > 0 ? `Created ${created} users.\n` : 'The directory has users already; nothing was changed.\n',
    );
  } finally {
    await database.close();
  }
}
