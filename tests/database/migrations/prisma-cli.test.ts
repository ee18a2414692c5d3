import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bareEnvironment, prisma, ROOT } from '../../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';

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
