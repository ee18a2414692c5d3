import { pathToFileURL } from 'node:url';
import { PROJECT_ROOT, type DatabaseConfig } from '../config.js';
import type { Log } from '../log.js';
import type { Embedded } from './embedded/index.js';
import { inspectMigrations, MIGRATIONS_DIR } from './migrations.js';
import { connect } from './pool.js';
import { seed } from './seed.js';

/** Plain JavaScript outside `src`, because `prisma generate` needs it before anything is compiled. */
const SCHEMA_ENGINE = new URL('prisma/schema-engine/engine.mjs', pathToFileURL(PROJECT_ROOT)).href;

interface SchemaEngine {
  deployMigrations(options: { url: string; migrationsDir: string }): Promise<string[]>;
}

/**
 * Migrates the embedded database and, where nobody is in it yet, seeds it. Two servers that start at once on a new
 * folder take turns; one killed half-way leaves the rest to the next start.
 */
export async function prepareEmbedded(embedded: Embedded, config: DatabaseConfig, log: Log): Promise<void> {
  const connections = connect(embedded.url, config, log);
  const { prisma } = connections;
  try {
    await embedded.exclusively(async () => {
      if ((await inspectMigrations(prisma)).state === 'behind') {
        log.info('migrating the embedded database');
        const { deployMigrations } = (await import(SCHEMA_ENGINE)) as SchemaEngine;
        await deployMigrations({ url: embedded.url, migrationsDir: MIGRATIONS_DIR });
      }
      if ((await prisma.user.findFirst({ select: { id: true } })) === null) {
        log.info('seeding the embedded database with a sample organisation');
        await seed(prisma);
      }
    });
  } finally {
    await connections.close();
  }
}
