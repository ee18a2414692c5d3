import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { bareEnvironment, prisma, ROOT, steward } from '../../support/command.mjs';
import { onServer } from '../../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { queryOnce } from '../../support/postgres-server.mjs';
import { administer } from '../../support/server.mjs';
import { serverUrl } from '../../support/template.mjs';

/** Prisma's own command line, on whichever database is configured, with nothing downloaded. */
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  // An embedded database stays up as long as somebody is connected to it.
  await database.query('SELECT 1');
});
afterAll(() => database.drop());

describe("Prisma's command line", () => {
  it.each([
    ['finds a migrated database up to date', ['status'], 'Database schema is up to date!'],
    ['has nothing left to deploy', ['deploy'], 'No pending migrations to apply.'],
    [
      'finds that the migrations make just what schema.prisma describes',
      ['diff', '--from-config-datasource', '--to-schema', 'prisma/schema.prisma', '--exit-code'],
      'No difference detected',
    ],
  ])('%s', async (_, command, says) => {
    const { code, stdout } = await prisma(['migrate', ...command], database.administration);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(says) });
  });

  it('makes a migration of a changed schema, says that it is missing, and deploys it', async () => {
    const project = await copyOfProject();
    try {
      await writeFile(path.join(project, 'prisma', 'schema.prisma'), 'model Extra {\n  id Int @id\n}\n', {
        flag: 'a',
      });
      const created = await prismaIn(project, ['migrate', 'dev', '--create-only', '--name', 'extra']);
      expect(created).toMatchObject({ code: 0 });
      expect(await readdir(path.join(project, 'prisma', 'migrations'))).toContainEqual(
        expect.stringMatching(/_extra$/),
      );

      const behind = await prismaIn(project, ['migrate', 'status']);
      expect(behind).toMatchObject({ code: 1, stdout: expect.stringContaining('have not yet been applied') });

      expect(await prismaIn(project, ['migrate', 'deploy'])).toMatchObject({ code: 0 });
      expect(await database.query('SELECT count(*)::int AS rows FROM "Extra"')).toEqual([{ rows: 0 }]);
    } finally {
      await rm(project, { recursive: true, force: true });
    }
  });

  it('opens Studio', async () => {
    const studio = spawn(
      process.execPath,
      ['node_modules/prisma/build/index.js', 'studio', '--browser', 'none', '--port', '51299'],
      { cwd: ROOT, env: bareEnvironment(database.administration), stdio: 'ignore' },
    );
    try {
      expect(
        await eventually(() => fetch('http://127.0.0.1:51299/').catch(() => undefined), 20_000),
      ).toMatchObject({ status: 200 });
    } finally {
      studio.kill('SIGKILL');
    }
  });
});

/** Enough of the project to make a migration in without touching ours. */
async function copyOfProject(): Promise<string> {
  const project = await mkdtemp(path.join(ROOT, 'dist', 'prisma-cli-'));
  for (const name of ['prisma', 'prisma.config.ts', 'package.json']) {
    await cp(path.join(ROOT, name), path.join(project, name), { recursive: true });
  }
  for (const name of ['node_modules', 'dist']) await symlink(path.join(ROOT, name), path.join(project, name));
  return project;
}

const prismaIn = (project: string, args: string[]) => prisma(args, database.administration, project);

onServer('migrate deploy', () => {
  const name = `steward_test_${randomUUID()}`;
  const url = () => serverUrl(name, name);

  beforeAll(async () => {
    await administer(
      `CREATE ROLE "${name}" LOGIN SUPERUSER PASSWORD ${pg.escapeLiteral(decodeURIComponent(new URL(serverUrl(name)).password))}`,
    );
    await administer(`CREATE DATABASE "${name}" OWNER "${name}"`);
  });
  afterAll(async () => {
    await administer(`DROP DATABASE "${name}" WITH (FORCE)`);
    await administer(`DROP ROLE "${name}"`);
  });

  const at = (sql: string) => queryOnce({ connectionString: url() }, sql);
  const doctor = async () => (await steward(['doctor'], { DATABASE_URL: url() })).stdout;

  it('is what doctor says of a database without tables, and not of one with those of others', async () => {
    expect(await doctor()).toMatch(/migrations: behind .*\n +→ npx steward-mcp db upgrade/);
    await at('CREATE TABLE public.orders (id int PRIMARY KEY)');
    expect(await doctor()).toMatch(
      /migrations: of another application \(orders\)\n +→ .*steward init.*database of its own.*P3005/,
    );
    expect((await prisma(['migrate', 'deploy'], { DATABASE_URL: url() })).stderr).toContain('P3005');
    await at('CREATE EXTENSION citext; ALTER EXTENSION citext ADD TABLE public.orders');
    expect(await doctor()).toContain('migrations: of another application (orders)');
    await at('DROP EXTENSION citext CASCADE');
  });

  it('makes its tables in the schema of the datasource, though there is one named like the role', async () => {
    await at(`CREATE SCHEMA "${name}"; CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions`);
    expect(await prisma(['migrate', 'deploy'], { DATABASE_URL: url() })).toMatchObject({ code: 0 });
    expect(
      await at(`SELECT DISTINCT relnamespace::regnamespace::text AS schema FROM pg_class
        WHERE relname IN ('users', 'headcounts', '_prisma_migrations')`),
    ).toEqual([{ schema: 'public' }]);
    expect(await doctor()).toContain('migrations: current');
    expect((await prisma(['migrate', 'status'], { DATABASE_URL: url() })).stdout).toContain('up to date');
  });
});
