import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOOLS } from '../directory/pinned-tools.js';
import { MAIN, steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { startSteward, type Steward } from '../support/steward.js';

const READS = TOOLS.filter(({ effect }) => effect.readOnlyHint).map(({ name }) => name);

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-read-only-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const configured = async (content: object) => {
  const file = path.join(folder, 'steward.config.json');
  await writeFile(file, JSON.stringify(content));
  return { STEWARD_CONFIG: file };
};

async function expectOnlyReads(steward: Steward): Promise<void> {
  const { tools } = await steward.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(READS);
  const { prompts } = await steward.client.listPrompts();
  expect(prompts.map(({ name }) => name)).toEqual(['department_report']);
  expect(steward.client.getInstructions()).toContain('nothing can be changed here');
  expect(await steward.call('set_user_role', { user_id: 1, role: 'X' })).toMatchObject({
    error: 'NOT_FOUND',
  });
  expect(
    (await steward.call('find_users', { search: 'example.com', limit: 2 })).data.users.rows,
  ).toHaveLength(2);
}

describe('a server that only reads', () => {
  it.each<[how: string, options: () => Promise<Parameters<typeof startSteward>[0]>]>([
    ['READ_ONLY=1', async () => ({ env: { READ_ONLY: '1' } })],
    ['--read-only', async () => ({ command: [MAIN, '--read-only'] })],
    [
      '"directory": { "read_only": true }, whatever its caller may do besides',
      async () => ({
        env: await configured({
          directory: { read_only: true },
          caller: { scopes: ['directory:read', 'directory:write', 'audit:read'] },
        }),
      }),
    ],
  ])('by %s has nothing in its catalogue that writes', async (_how, options) => {
    const steward = await startSteward({ ...(await options()), database });
    await expectOnlyReads(steward);
    await steward.stop();
  });

  it('cannot write by what it reads, either: its transactions are read-only', async () => {
    const own = await freshDatabase();
    await own.query(`
      CREATE TABLE written (at timestamptz);
      CREATE FUNCTION write_down() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN INSERT INTO public.written VALUES (now()); RETURN true; END $$;
      ALTER TABLE departments RENAME TO departments_behind;
      CREATE VIEW departments AS SELECT * FROM departments_behind WHERE write_down();
      GRANT SELECT ON departments TO PUBLIC`);
    const written = async () => (await own.query('SELECT FROM written')).length;
    for (const [READ_ONLY, error] of [
      ['1', 'DATABASE_UNAVAILABLE'],
      ['0', undefined],
    ] as const) {
      const steward = await startSteward({ database: own, env: { READ_ONLY } });
      expect((await steward.call('list_departments')).error).toBe(error);
      expect((await written()) > 0).toBe(READ_ONLY === '0');
      await steward.stop();
    }
    await own.drop();
  });
});

onServer('doctor with READ_ONLY (on PostgreSQL only: the embedded database has one user)', () => {
  const role = `steward_reader_${process.pid}`;

  beforeAll(async () => {
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reads'`);
    await database.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
  });
  afterAll(async () => {
    await database.query(`DROP OWNED BY ${role}`);
    await database.query(`DROP ROLE ${role}`);
  });

  it('is content with a role that has SELECT alone, and names what another has too much', async () => {
    const url = new URL(database.env['DATABASE_URL'] ?? '');
    url.username = role;
    url.password = 'reads';
    const reader = await run(['doctor'], { DATABASE_URL: url.href, READ_ONLY: '1' });
    expect(reader.stdout).toMatch(/ok {3}privileges: all that the tools need/);
    expect(reader.stdout).not.toMatch(/FAIL|warn/);
    expect(reader.code).toBe(0);
    const writer = await run(['doctor'], { ...database.env, READ_ONLY: '1' });
    expect(writer.stdout).toMatch(/warn {2}privileges: more than the tools need: INSERT .*\n +→ .*SELECT on/);
    const missing = await run(['doctor'], { DATABASE_URL: url.href });
    expect(missing.stdout).toMatch(/FAIL {2}privileges: INSERT/);
  });
});
