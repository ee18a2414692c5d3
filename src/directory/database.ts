import path from 'node:path';
import type { PrismaPg } from '@prisma/adapter-pg';
import type { CheckResult } from '../database/check.js';
import { checkMigrations, type Migrations } from '../database/migrations/inspect.js';
import { PrismaClient } from '../generated/prisma/client.js';
import { PROJECT_ROOT } from '../project-root.js';

export type { PrismaClient };

export function createClient(adapter: PrismaPg): PrismaClient {
  return new PrismaClient({ adapter });
}

/** The migrations that own the directory's data model. The former ones were never released: see former-migrations.ts. */
export const MIGRATIONS: Migrations = {
  folder: path.join(PROJECT_ROOT, 'prisma', 'migrations'),
  former: new Map([
    ['20261123000000_staff_directory', '1a6dec8f6cff77dae93e188f1267a6f6cc2711b7b8f2e34a42b13b1b70f21d8b'],
    [
      '20261124000000_announce_departments',
      '6d5a720a5adeb619588093f34cac72207b8896a02584474eb343bae750e2f9be',
    ],
    [
      '20261124000100_headcounts_by_their_owner',
      '2ecd0a96ebc9ff63d93c4220324211eaf8b9f07c7dbb34888078dc37c0b6213e',
    ],
    ['20261124000200_directory_version', '88e54a74744035bafc7df6451b5fba6f51b515249f51aa7d888f76e31d38ca40'],
  ]),
};

/** The directory serves from a database that has exactly its migrations. */
export function check(client: PrismaClient): Promise<CheckResult> {
  return checkMigrations(client, MIGRATIONS);
}
