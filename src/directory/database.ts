import path from 'node:path';
import type { PrismaPg } from '@prisma/adapter-pg';
import type { Check } from '../database/check.js';
import { checkMigrations } from '../database/migrations/inspect.js';
import { PrismaClient } from '../generated/prisma/client.js';
import { PROJECT_ROOT } from '../project-root.js';

export type { PrismaClient };

/** The migrations that own the directory's data model. */
export const MIGRATIONS = path.join(PROJECT_ROOT, 'prisma', 'migrations');

export function createClient(adapter: PrismaPg): PrismaClient {
  return new PrismaClient({ adapter });
}

/** The directory serves from a database that has exactly its migrations. */
export const check: Check<PrismaClient> = (client) => checkMigrations(client, MIGRATIONS);
