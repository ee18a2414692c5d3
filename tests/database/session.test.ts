import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { prisma, ROOT, steward as run } from '../support/command.mjs';
import { onServer, onServerOfItsOwn, whyNoServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { migrateAndSeed } from '../support/migrate.mjs';
import { Network } from '../support/network.js';
import { PostgresServer } from '../support/postgres-server.mjs';
import { RawClient } from '../support/raw-client.js';
import { makeRoles } from '../support/server.mjs';
import { startSteward } from '../support/steward.js';
import { fillExample } from '../records/example.js';
import type { RecordsAnswer } from '../records/zoo/zoo.js';

/** Settings that a server, a database or a role may have, each of which changes what values look like or what is found. */
const STRANGE = {
  timezone: 'Asia/Kolkata',
  datestyle: 'German, DMY',
  intervalstyle: 'sql_standard',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  default_transaction_isolation: 'serializable',
  search_path: 'elsewhere',
  transform_null_equals: 'on',
};

async function setStrangely(database: TestDatabase): Promise<void> {
  const [row] = await database.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
  for (const [name, value] of Object.entries(STRANGE))
    await database.query(`ALTER DATABASE ${row?.name} SET ${name} = '${value}'`);
  await database.disconnect();
}

onServer('a server whose sessions begin with strange settings (needs a PostgreSQL server)', () => {
  it('gives the directory the same answers, and keeps the same', async () => {
    const database = await freshDatabase();
    await setStrangely(database);
    const steward = await startSteward({ database });
    try {
      const before = Date.now();
      const created = await steward.call('create_user', { username: 'odd', email: 'odd@example.com' });
      expect(created).toMatchObject({ error: undefined });
      expect(Math.abs(Date.parse(created.data.user.created_at) - before)).toBeLessThan(60_000);
      const { data } = await steward.call('get_user_history', { user_id: created.data.user.id });
      expect(Math.abs(Date.parse(String(data.changes.rows[0]?.[4])) - before)).toBeLessThan(60_000);
      const [stored] = await database.query<{ seconds: number }>(
        `SELECT extract(epoch FROM now() - created_at)::int AS seconds FROM public.users WHERE username = 'odd'`,
      );
      expect(Math.abs(stored?.seconds ?? Infinity)).toBeLessThan(60);
      expect(await steward.call('transfer_user', { user_id: 1, new_department: 'Sales' })).toMatchObject({
        error: undefined,
      });
    } finally {
      await steward.stop();
      await database.drop();
    }
  });

  it('gives records the same answers', async () => {
    const usual = await fillExample('shop');
    const strange = await fillExample('shop');
    await setStrangely(strange.database);
    const question = { model: 'Order', filter: 'placedAt >= 2026-01-01', order_by: 'id', limit: 20 };
    const [first, second] = await Promise.all(
      [usual, strange].map(async ({ database, env }) => {
        const steward = await startSteward({ database, env });
        const answer = await steward.call('find_records', question);
        await steward.stop();
        return answer;
      }),
    );
    expect(first?.error).toBeUndefined();
    const [one, other] = [first, second].map((answer) => (answer as unknown as RecordsAnswer).data.records);
    expect(other).toEqual(one);
    await Promise.all([usual.database.drop(), strange.database.drop()]);
  });

  it('is not served where it does not keep a setting, and the log says which', async () => {
    const database = await freshDatabase();
    const network = await Network.before(database.env['DATABASE_URL'] ?? '');
    // As a pooler may that takes settings for its own.
    network.everywhere = (chunk) =>
      Buffer.from(chunk.toString('latin1').replace("TimeZone = 'UTC'", "TimeZone = 'CET'"), 'latin1');
    const steward = await startSteward({ database, env: { DATABASE_URL: network.url } });
    try {
      // The server may end before its answer is read.
      await steward.call('list_departments').catch(() => {});
      expect(await eventually(() => /TimeZone is CET instead of UTC/.test(steward.stderr()))).toBe(true);
      const { code, stdout } = await run(['doctor'], { ...database.env, DATABASE_URL: network.url });
      expect(stdout).toMatch(/FAIL {2}connection: .*TimeZone is CET instead of UTC/);
      expect(code).toBe(1);
    } finally {
      await steward.stop();
      network.close();
      await database.drop();
    }
  });
});

async function makeRolesOf(of: TestDatabase): Promise<void> {
  const [row] = await of.query<{ name: string }>('SELECT current_database() AS name');
  await makeRoles(row?.name ?? '');
}

onServer('extensions in a schema of their own (needs a PostgreSQL server)', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshDatabase();
    await database.query('CREATE SCHEMA extensions');
    for (const extension of ['citext', 'pg_trgm'])
      await database.query(`ALTER EXTENSION ${extension} SET SCHEMA extensions`);
  });
  afterEach(() => database.drop());

  it('are in reach after roles.sql: names are found whatever their case', async () => {
    await makeRolesOf(database);
    const steward = await startSteward({ database });
    const [user] = await database.query<{ name: string }>(
      'SELECT upper(username::text) AS name FROM users LIMIT 1',
    );
    const found = await steward.call('get_user', { username: user?.name });
    expect(found.error).toBeUndefined();
    const listed = await steward.call('find_users', { department: 'SALES' });
    expect(listed.data.total).toBeGreaterThan(0);
    await steward.stop();
    const { code, stdout } = await run(['doctor'], database.env);
    expect(stdout).not.toContain('FAIL');
    expect(code).toBe(0);
  });

  it('are made again where a backup is restored into a new database, for its owner alone', async () => {
    await makeRolesOf(database);
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-extensions-'));
    const file = path.join(folder, 'backup');
    const owned = new URL(database.administration['DATABASE_URL'] ?? '');
    owned.username = 'steward_owner';
    expect(await run(['db', 'backup', file], { DATABASE_URL: owned.href })).toMatchObject({ code: 0 });
    // Over what is there, and into an empty one.
    const replaced = await run(['db', 'restore', file, '--replace'], { DATABASE_URL: owned.href });
    expect(replaced.stderr).toMatch(/restored: /);
    await database.query('DROP SCHEMA public, extensions CASCADE');
    await database.query('CREATE SCHEMA public AUTHORIZATION steward_owner');
    const restored = await run(['db', 'restore', file], { DATABASE_URL: owned.href });
    expect(restored.stderr).toMatch(/restored: /);
    await makeRolesOf(database);
    const { code, stdout } = await run(['doctor'], database.env);
    expect(stdout).not.toContain('FAIL');
    expect(code).toBe(0);
    await rm(folder, { recursive: true });
  });

  it('that the role may not use keep Steward from serving, and doctor says what to grant', async () => {
    const steward = await startSteward({ database });
    await steward.call('list_departments').catch(() => {});
    expect(await eventually(() => /told apart by their case/.test(steward.stderr()))).toBe(true);
    await steward.stop();
    const { code, stdout } = await run(['doctor'], database.env);
    expect(stdout).toMatch(/FAIL {2}extensions: out of reach .*told apart by their case/);
    expect(stdout).toContain('GRANT USAGE ON SCHEMA extensions TO steward_app');
    expect(code).toBe(1);
  });
});

onServer('row level security (needs a PostgreSQL server)', () => {
  it('is no empty directory: calls are refused by its name, and doctor names the tables', async () => {
    const database = await freshDatabase();
    await database.query('ALTER TABLE users ENABLE ROW LEVEL SECURITY');
    const steward = await startSteward({ database });
    try {
      const found = await steward.call('find_users', { role: 'User' });
      expect(found.error).toBe('DATABASE_UNAVAILABLE');
      expect(found.text).toMatch(/^DATABASE_UNAVAILABLE: Row level security hides rows/);
      const { code, stdout } = await run(['doctor'], database.env);
      expect(stdout).toMatch(/FAIL {2}row level security: it hides rows of users from this role/);
      expect(code).toBe(1);
    } finally {
      await steward.stop();
      await database.drop();
    }
  });

  it('is no empty table of records, unless the configuration says that policies decide', async () => {
    const shop = await fillExample('shop');
    const SHOP_URL = shop.database.env['DATABASE_URL'] ?? '';
    await shop.database.query(`
      GRANT SELECT ON customers, products, orders, items TO steward_app;
      ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
      CREATE POLICY germans ON customers USING (country = 'DE')`);
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-policies-'));
    const file = path.join(folder, 'steward.config.json');
    const count = async (section: object) => {
      const schema = path.join(ROOT, 'examples', 'shop', 'schema.prisma');
      await writeFile(file, JSON.stringify({ databases: { shop: { schema, url: SHOP_URL, ...section } } }));
      const env = { ...shop.env, STEWARD_CONFIG: file };
      const steward = await startSteward({ database: shop.database, env });
      const { error, text, data } = await steward.call('count_records', { model: 'Customer' });
      await steward.stop();
      const { stdout } = await run(['doctor'], env);
      return { error, text, count: (data as unknown as { count: number }).count, doctor: stdout };
    };
    const refused = await count({});
    expect(refused.error).toBe('DATABASE_UNAVAILABLE');
    expect(refused.text).toMatch(/Row level security hides rows/);
    expect(refused.doctor).toMatch(/FAIL {2}Customer: row level security hides rows of "customers"/);
    const [german] = await shop.database.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM customers WHERE country = 'DE'",
    );
    const allowed = await count({ policies: 'by-role' });
    expect(allowed).toMatchObject({ error: undefined, count: german?.count });
    expect(allowed.doctor).toMatch(/warn {2}Customer: row policies hold/);
    await rm(folder, { recursive: true });
    await shop.database.drop();
  });
});

onServerOfItsOwn(
  `a server that asks for a password${whyNoServer ? ` (skipped: ${whyNoServer})` : ''}`,
  () => {
    let server: PostgresServer;
    let network: Network & { url: string };
    beforeAll(async () => {
      server = await PostgresServer.create();
      await migrateAndSeed(server.url('steward'));
      network = await Network.before(server.url('steward', { password: '' }));
    });
    afterAll(async () => {
      network?.close();
      await server?.destroy();
    });

    it('keeps no connection of a server that has none', async () => {
      const client = new RawClient({ DATABASE_URL: network.url });
      await client.greet();
      for (const call of ['list_departments', 'list_recent_users', 'list_departments']) {
        const { code, text } = await client.call(call);
        expect(code).toBe('DATABASE_UNAVAILABLE');
        expect(text).toMatch(/does not let this server in/);
      }
      expect(network.accepted).toBeGreaterThan(2);
      await eventually(() => network.open === 0);
      await client.end();
    });

    it('is named by doctor with the setting that is missing, which ends', async () => {
      const { code, stdout } = await run(['doctor'], { DATABASE_URL: network.url });
      expect(stdout).toMatch(/FAIL {2}connection: the server asks for a password, and none is set/);
      expect(stdout).toContain('DB_PASSWORD');
      expect(code).toBe(1);
      expect(network.open).toBe(0);
    });

    it("ends the migrations' tool as well", async () => {
      const { code, stdout, stderr } = await prisma(['migrate', 'status'], { DATABASE_URL: network.url });
      expect(stdout + stderr).toMatch(/P1000/);
      expect(code).toBe(1);
      expect(network.open).toBe(0);
    });
  },
);
