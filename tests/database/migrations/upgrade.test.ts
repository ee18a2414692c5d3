import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { prisma, ROOT, steward } from '../../support/command.mjs';
import { onEmbedded, onServer } from '../../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { startSteward } from '../../support/steward.js';
import { OWNER } from '../../support/template.mjs';

/** The migration that replaces the former ones, and what else those had made. */
const SCRIPTS = [
  'prisma/migrations/20261128000000_staff_directory/migration.sql',
  'tests/database/migrations/former.sql',
];

let database: TestDatabase;
beforeEach(async () => {
  database = await freshDatabase();
  await makeFormer();
});
afterEach(() => database.drop());

/** Puts what the migrations before the first release made in the place of all that is there. */
async function makeFormer(): Promise<void> {
  await database.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  for (const script of SCRIPTS) await database.query(await readFile(path.join(ROOT, script), 'utf8'));
  await database.query(`INSERT INTO users (username, email) VALUES ('survivor', 'survivor@example.com')`);
}

const migrations = async () =>
  (
    await database.query<{ name: string }>('SELECT migration_name AS name FROM _prisma_migrations ORDER BY 1')
  ).map(({ name }) => name);

const shipped = async () =>
  (await readdir(path.join(ROOT, 'prisma', 'migrations'))).filter((name) => /^\d/.test(name)).toSorted();

const remains = () =>
  database.query(`
    SELECT (SELECT count(*)::int FROM users) AS users,
      (SELECT count(*)::int FROM pg_class WHERE relname ~ '_version$' AND relkind = 'S') AS sequences,
      (SELECT count(*)::int FROM pg_trigger WHERE tgname ~ 'move_version$') AS triggers,
      to_regproc('move_directory_version') AS function, to_regnamespace('steward_upgrade') AS probe`);

const UPGRADED = [{ users: 1, sequences: 0, triggers: 0, function: null, probe: null }];
const DIFFERENCES: [string, string, RegExp][] = [
  ['a column', 'ALTER TABLE users ADD COLUMN phone text', /there is column users\.phone text/],
  ['a missing index', 'DROP INDEX users_search_text_idx', /there is no .*users_search_text_idx/],
  [
    'a trigger that is disabled',
    'ALTER TABLE users DISABLE TRIGGER users_counted_on_insert',
    /users_counted_on_insert .* D/,
  ],
  [
    'the body of a function',
    'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$',
    /function .*refuse_change/,
  ],
  [
    'a constraint',
    'ALTER TABLE users ADD CONSTRAINT short CHECK (length(username) < 9)',
    /there is constraint users\.short/,
  ],
  [
    'nullability',
    'ALTER TABLE users ALTER COLUMN role DROP NOT NULL',
    /there is column users\.role citext 'User'/,
  ],
  ['a missing trigger of the former ones', 'DROP TRIGGER users_move_version ON users', /users_move_version/],
  [
    'what depends on a former object',
    'CREATE VIEW public.watcher AS SELECT last_value FROM directory_version',
    /watcher depends on sequence directory_version/,
  ],
];

const upgrade = (env = database.administration) => steward(['db', 'upgrade'], env);

const expectRefused = async (says: RegExp, env = database.administration) => {
  const before = [await remains(), await migrations()];
  const { code, stderr } = await upgrade(env);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(says) });
  expect([await remains(), await migrations()]).toEqual(before);
};

onServer('steward db upgrade (on PostgreSQL: the embedded database is upgraded at each start)', () => {
  it('is where the start and doctor lead', async () => {
    const { stdout } = await steward(['doctor'], database.administration);
    expect(stdout).toMatch(/FAIL {2}migrations: superseded .*\n +→ npx steward-mcp db upgrade/);
    const { stderr } = await steward(['seed'], database.administration);
    expect(stderr).toContain('npx steward-mcp db upgrade');
  });

  it('drops what is not needed, keeps all rows, and has nothing to do the next time', async () => {
    expect(await upgrade()).toMatchObject({ code: 0, stderr: 'upgraded\n' });
    expect(await remains()).toEqual(UPGRADED);
    expect(await migrations()).toEqual(await shipped());
    expect((await prisma(['migrate', 'status'], database.administration)).stdout).toContain('up to date');
    expect(await upgrade()).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to do') });
  });

  it('is done by one of two who run it at once', async () => {
    const both = await Promise.all([upgrade(), upgrade()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.map(({ stderr }) => stderr).toSorted()).toEqual([
      'nothing to do: the migrations are current\n',
      'upgraded\n',
    ]);
    expect(await remains()).toEqual(UPGRADED);
  });

  it.each(DIFFERENCES)('refuses where %s differs, and changes nothing', async (_, change, reason) => {
    await database.query(change);
    const remedy = 'Undo that change of the schema, then run steward db upgrade again\\.';
    await expectRefused(new RegExp(`${reason.source}.* ${remedy}`));
  });

  it.each([
    ['another checksum', "UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name ~ 'version'"],
    ['one of the four only', "DELETE FROM _prisma_migrations WHERE migration_name ~ 'version'"],
  ])('does not take a ledger with %s for the former one', async (_, change) => {
    await database.query(change);
    await expectRefused(/Nothing was changed: the migrations are ahead/);
  });

  it('says who has to run it', async () => {
    await database.query(
      'GRANT USAGE ON SCHEMA public TO steward_app; GRANT SELECT ON _prisma_migrations TO steward_app',
    );
    await expectRefused(/as the owner of its tables/, database.env);
  });
});

onServer('steward db upgrade, on an empty database', () => {
  beforeEach(async () => {
    await database.query('DROP SCHEMA public CASCADE');
    await database.query(`CREATE SCHEMA public AUTHORIZATION ${OWNER}`);
  });

  it('makes all of it, as prisma migrate deploy does, also where two run it at once', async () => {
    const { stdout } = await steward(['doctor'], database.administration);
    expect(stdout).toMatch(/FAIL {2}migrations: behind .*\n +→ npx steward-mcp db upgrade/);
    for (const { code, stderr } of await Promise.all([upgrade(), upgrade()]))
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringMatching(/^upgraded|^nothing to do/),
      });
    expect((await migrations()).toSorted()).toEqual(await shipped());
    expect((await prisma(['migrate', 'status'], database.administration)).stdout).toContain('up to date');
    expect((await steward(['seed'], database.administration)).code).toBe(0);
    expect(await upgrade()).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to do') });
  });

  it('says who has to run it', async () => {
    await database.query('GRANT USAGE ON SCHEMA public TO steward_app');
    const { code, stderr } = await upgrade(database.env);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/permission denied.*Connect as the owner of its tables/),
    });
  });

  it('takes the database that the configuration gives the directory, and no other', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-upgrade-'));
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    const env = { STEWARD_CONFIG, STAFF_URL: database.administration['DATABASE_URL'] ?? '' };
    const nowhere = { DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere' };
    await writeFile(STEWARD_CONFIG, JSON.stringify({ directory: { url: 'env:STAFF_URL' } }));
    expect(await upgrade({ ...env, ...nowhere })).toMatchObject({ code: 0, stderr: 'upgraded\n' });
    expect((await steward(['seed'], { ...env, ...nowhere })).code).toBe(0);
    await rm(folder, { recursive: true });
  });
});

onEmbedded('the embedded database of the former migrations (not on a server)', () => {
  it('is upgraded at the start', async () => {
    const started = await startSteward({ database });
    expect((await started.call('find_users', { search: 'survivor' })).data.total).toBe(1);
    await started.stop();
    expect(await remains()).toEqual(UPGRADED);
    expect(await migrations()).toEqual(await shipped());
  });

  it('is left as it is where something else differs', async () => {
    await database.query('ALTER TABLE users ADD COLUMN phone text');
    const { code, stderr } = await steward(['db', 'upgrade'], database.env);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('there is column users.phone text'),
    });
  });
});
