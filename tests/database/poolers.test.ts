import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { fillExample } from '../records/example.js';
import { prisma, steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { brokenRules } from '../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { PgBouncer, PGBOUNCER_IS_HERE } from '../support/pgbouncer.mjs';
import { startSteward, type Steward } from '../support/steward.js';

const whyNot = PGBOUNCER_IS_HERE ? '' : ' (skipped: PgBouncer is not installed here)';
const behindPooler = PGBOUNCER_IS_HERE ? onServer : describe.skip;

behindPooler(`PgBouncer before the server, on PostgreSQL only${whyNot}`, () => {
  let database: TestDatabase;
  let bouncer: PgBouncer | undefined;
  let steward: Steward | undefined;
  beforeAll(async () => {
    database = await freshDatabase();
    const [row] = await database.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    // What a session of the server begins with behind the pooler.
    await database.query(`ALTER DATABASE ${row?.name} SET timezone = 'Asia/Kolkata'`);
  });
  afterEach(async () => {
    await steward?.stop();
    await bouncer?.destroy();
    steward = bouncer = undefined;
  });
  afterAll(() => database.drop());

  async function serve(mode: 'session' | 'transaction' | 'statement', env: Record<string, string> = {}) {
    bouncer = await PgBouncer.before(database.env['DATABASE_URL'] ?? '', mode);
    steward = await startSteward({ database, env: { DATABASE_URL: bouncer.url, ...env } });
    return { steward, url: bouncer.url };
  }

  it.each(['session', 'transaction'] as const)(
    'in %s mode serves reads and changes of many callers, at the right times',
    async (mode) => {
      const { steward: served, url } = await serve(mode, { DB_POOL_MAX: '6' });
      const active = await database.query<{ id: number }>(
        'SELECT id FROM users WHERE active ORDER BY id LIMIT 7',
      );
      const calls = Array.from({ length: 40 }, (_, at) => {
        if (at % 4 === 0) return served.call('list_recent_users', { limit: 3 });
        if (at % 4 === 1) return served.call('get_user', { id: 1 + at });
        const to = { user_id: active[at % 7]?.id, new_department: at % 3 === 0 ? 'Sales' : 'Finance' };
        return served.call('transfer_user', to);
      });
      const outcomes = await Promise.all(calls);
      expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
      const name = `pooled_${mode}`;
      const { data } = await served.call('create_user', { username: name, email: `${name}@example.com` });
      expect(Math.abs(Date.parse(data.user.created_at) - Date.now())).toBeLessThan(60_000);
      const [stored] = await database.query<{ seconds: number }>(
        'SELECT extract(epoch FROM now() - created_at)::int AS seconds FROM users WHERE username = $1',
        [name],
      );
      expect(Math.abs(stored?.seconds ?? Infinity)).toBeLessThan(60);
      expect(await brokenRules(database)).toEqual({});
      const { code, stdout } = await run(['doctor'], { ...database.env, DATABASE_URL: url });
      expect(stdout).toMatch(/ok {3}connection: by a pooler/);
      expect(code).toBe(0);
    },
  );

  it('in transaction mode keeps the time limits of a call', async () => {
    const { steward: served } = await serve('transaction', { DB_LOCK_TIMEOUT_MS: '300' });
    await database.query('BEGIN');
    await database.query('SELECT FROM users WHERE id = 1 FOR UPDATE');
    const { error, text } = await served.call('set_user_role', { user_id: 1, role: 'Held' });
    await database.query('ROLLBACK');
    expect(error).toBe('TIMEOUT');
    expect(text).toMatch(/Another client is changing the same record/);
  });

  it('in transaction mode serves records, and leaves no setting behind in sessions of others', async () => {
    const shop = await fillExample('shop');
    const pooler = await PgBouncer.before(shop.url, 'transaction');
    const served = await startSteward({
      database: shop.database,
      env: { ...shop.env, SHOP_URL: pooler.url },
    });
    const question = { model: 'Order', filter: 'placedAt >= 2026-01-01', order_by: 'id' };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => served.call('find_records', question)),
    );
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(new Set(outcomes.map(({ data }) => JSON.stringify(Object(data).records))).size).toBe(1);
    await served.stop();
    await pooler.destroy();
    await shop.database.drop();
  });

  it('in statement mode is refused, with what to do', async () => {
    const { steward: served, url } = await serve('statement');
    // The server may end before its answer is read.
    await served.call('list_departments').catch(() => {});
    expect(await eventually(() => /pooler in statement mode/.test(served.stderr()))).toBe(true);
    const { code, stdout } = await run(['doctor'], { ...database.env, DATABASE_URL: url });
    expect(stdout).toMatch(/FAIL {2}connection: .*Let it pool by session or by transaction/);
    expect(code).toBe(1);
  });

  it('is passed by for migrations and backups where the direct address is set, without which no backup is made', async () => {
    const { url } = await serve('transaction');
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-direct-'));
    const file = path.join(folder, 'backup');
    const { DATABASE_URL: direct = '' } = database.administration;
    const pooled = new URL(url);
    pooled.username = 'postgres';
    const refused = await run(['db', 'backup', file], { DATABASE_URL: pooled.href });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/Set DATABASE_DIRECT_URL/);
    const env = { DATABASE_URL: url, DATABASE_DIRECT_URL: direct };
    expect(await run(['db', 'backup', file], env)).toMatchObject({ code: 0 });
    const { stdout } = await run(['database-url'], env);
    expect(stdout.trim()).toBe(direct);
    const status = await prisma(['migrate', 'status'], env);
    expect(status.stdout).toMatch(/up to date/);
    await rm(folder, { recursive: true });
  });
});
