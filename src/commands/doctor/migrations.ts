import { inspectMigrations } from '../../database/migrations/inspect.js';
import type { PrismaClient } from '../../generated/prisma/client.js';
import { describeError } from '../../observability/log.js';
import type { Finding } from './finding.js';

/** Whether the database has the migrations of this version. */
export async function checkMigrations(prisma: PrismaClient): Promise<Finding> {
  try {
    const found = await inspectMigrations(prisma);
    if (found.state === 'current') return { level: 'ok', text: 'migrations: current' };
    const text = `migrations: ${found.state} (${found.migrations.join(', ')})`;
    return { level: 'problem', text, remedy: found.remedy };
  } catch (error) {
    const remedy = 'GRANT SELECT ON _prisma_migrations TO the role that Steward connects as';
    return { level: 'problem', text: `migrations: ${describeError(error).replace(/\s+/g, ' ')}`, remedy };
  }
}
