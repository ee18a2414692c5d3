import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fillExample } from '../records/example.js';
import { MAIN, ROOT, steward } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { startSteward } from '../support/steward.js';

const SHOP = { schema: path.join(ROOT, 'examples', 'shop', 'schema.prisma'), url: 'env:SHOP_URL' };

/** Of the application, which uses another database or a service before it. */
const FOREIGN = ['mysql://app:secret@127.0.0.1/app', 'prisma+postgres://accelerate.example/?api_key=secret'];

let folder: string;
let shop: Awaited<ReturnType<typeof fillExample>>;
let staff: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-chosen-'));
  [shop, staff] = [await fillExample('shop'), await freshDatabase()];
});
afterAll(async () => {
  await Promise.all([shop.database.drop(), staff.drop()]);
  await rm(folder, { recursive: true });
});

const configured = async (content: object, env: Record<string, string> = {}) => {
  const file = path.join(folder, 'steward.config.json');
  await writeFile(file, JSON.stringify(content));
  return { ...shop.env, STEWARD_CONFIG: file, ...env };
};

describe('a DATABASE_URL that is of no PostgreSQL', () => {
  it.each(FOREIGN)('does not stop a server that does not use it: %s', async (DATABASE_URL) => {
    const env = await configured({ databases: { shop: SHOP } }, { DATABASE_URL });
    const server = await startSteward({ command: [MAIN], env });
    expect((await server.call('count_records', { model: 'Order' })).error).toBeUndefined();
    await server.stop();
    expect((await steward(['doctor'], env)).stdout).not.toMatch(/FAIL|DATABASE_URL/);
  });

  it('is named where it would be used, and not repeated', async () => {
    const [DATABASE_URL = ''] = FOREIGN;
    for (const env of [{ DATABASE_URL }, await configured({ directory: true }, { DATABASE_URL })]) {
      const { code, stderr } = await steward(['doctor'], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(/- DATABASE_URL must start with postgresql:\/\//);
      expect(stderr).not.toContain('secret');
    }
  });
});

const pull = async (databases: object, ...options: string[]) => {
  const file = path.join(folder, 'pulled.prisma');
  await rm(file, { force: true });
  const result = await steward(['db', 'pull', file, ...options], await configured({ databases }));
  return { ...result, schema: result.code === 0 ? await readFile(file, 'utf8') : '' };
};

describe('steward db pull', () => {
  it('takes a database by its name in the configuration, or the only one', async () => {
    const other = { ...SHOP, url: 'postgresql://nowhere.invalid/other' };
    expect((await pull({ other, shop: SHOP }, '--database', 'shop')).schema).toMatch(/model \w*[Oo]rder/);
    expect((await pull({ shop: SHOP })).schema).toMatch(/model \w*[Oo]rder/);
    expect((await pull({ other, shop: SHOP })).stderr).toContain('Say which with --database: other, shop');
    expect((await pull({ other, shop: SHOP }, '--database', 'ship')).stderr).toContain(
      'no database "ship". It has other, shop',
    );
  });
});

onServer('commands for the directory, whose address the configuration names (on PostgreSQL only)', () => {
  let env: Record<string, string>;
  beforeAll(async () => {
    const STAFF_URL = staff.administration['DATABASE_URL'] ?? '';
    const [DATABASE_URL = ''] = FOREIGN;
    env = await configured({ directory: { url: 'env:STAFF_URL' } }, { STAFF_URL, DATABASE_URL });
  });

  it('work on that, not on DATABASE_URL: database-url, db pull, backup, restore and slow', async () => {
    expect((await steward(['database-url'], env)).stdout.trim()).toBe(env['STAFF_URL']);
    const pulled = path.join(folder, 'staff.prisma');
    expect(await steward(['db', 'pull', pulled], env)).toMatchObject({ code: 0 });
    expect(await readFile(pulled, 'utf8')).toContain('user_audit_log');
    const backup = path.join(folder, 'staff.backup');
    expect(await steward(['db', 'backup', backup], env)).toMatchObject({ code: 0 });
    await staff.query(`INSERT INTO departments (name) VALUES ('Since the backup')`);
    expect(await steward(['db', 'restore', '--replace', backup], env)).toMatchObject({ code: 0 });
    expect(await staff.query(`SELECT FROM departments WHERE name = 'Since the backup'`)).toEqual([]);
    const { stdout, stderr } = await steward(['db', 'slow'], env);
    expect(stdout + stderr).toMatch(/pg_stat_statements|calls/);
  });
});
