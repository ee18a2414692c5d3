import type { PrismaPg } from '@prisma/adapter-pg';
import type { CheckResult } from '../database/check.js';
import { checkMigrations } from '../database/migrations/inspect.js';
import { PrismaClient } from '../generated/prisma/client.js';
import { MIGRATIONS } from './migrations.js';

export type { PrismaClient };

export function createClient(adapter: PrismaPg): PrismaClient {
  return new PrismaClient({ adapter });
}

/** The directory serves from a database that has exactly its migrations. */
export function check(client: PrismaClient): Promise<CheckResult> {
  return checkMigrations(client, MIGRATIONS);
}
