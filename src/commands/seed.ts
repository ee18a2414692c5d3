import { loadConfig } from '../config.js';
import { Database } from '../database/index.js';
import { seed } from '../database/seed.js';
import { createLog } from '../log.js';

/** Fills the configured database with the sample organisation, if nobody is in it yet. */
export async function seedDatabase(): Promise<void> {
  const config = loadConfig();
  const database = new Database(config.database, createLog(config.logLevel));
  try {
    const prisma = await database.ready();
    const anybody = await prisma.user.findFirst({ select: { id: true } });
    if (anybody) process.stderr.write('The directory has users already; nothing was changed.\n');
    else process.stderr.write(`Created ${await seed(prisma)} users.\n`);
  } finally {
    await database.close();
  }
}
