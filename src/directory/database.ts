import path from 'node:path';
import type { PrismaPg } from '@prisma/adapter-pg';
import type { CheckResult } from '../database/check.js';
import { databaseCode } from '../database/errors.js';
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

/** The directory serves from a database that has exactly its migrations, and that compares names without case. */
export async function check(client: PrismaClient): Promise<CheckResult> {
  const migrations = await checkMigrations(client, MIGRATIONS);
  if (migrations.problem) return migrations;
  return (await foldsCase(client)) ? migrations : describeCitext(client);
}

/** Without the operators of citext on the session's path, PostgreSQL compares its values as text, and says nothing. */
async function foldsCase(client: PrismaClient): Promise<boolean> {
  try {
    const [row] = await client.$queryRaw<{ folds: boolean }[]>`SELECT 'A'::citext = 'a' AS folds`;
    return row?.folds === true;
  } catch (error) {
    if (databaseCode(error) === UNDEFINED_OBJECT) return false;
    throw error;
  }
}

async function describeCitext(client: PrismaClient): Promise<CheckResult> {
  const [found] = await client.$queryRaw<{ schema: string; role: string }[]>`
    SELECT extnamespace::regnamespace::text AS schema, quote_ident(current_user) AS role
    FROM pg_catalog.pg_extension WHERE extname = 'citext'`;
  const problem = {
    details: `names and emails would be told apart by their case: the extension citext is in the schema ${found?.schema}, which the role may not use`,
    remedy: `GRANT USAGE ON SCHEMA ${found?.schema} TO ${found?.role}; prisma/roles.sql does so, too`,
  };
  return { name: 'extensions', state: 'out of reach', problem };
}

const UNDEFINED_OBJECT = '42704';
