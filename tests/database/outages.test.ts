import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { onServerOfItsOwn, whyNoServer } from '../support/conditions.js';
import { brokenRules } from '../support/data-rules.mjs';
import { migrateAndSeed } from '../support/migrate.mjs';
import { PostgresServer } from '../support/postgres-server.mjs';
import { notJsonRpc, notLogLines, RawClient, type Outcome } from '../support/raw-client.js';

const DEADLINE_MS = 2000;
const LIMITS = {
  CALL_DEADLINE_MS: String(DEADLINE_MS),
  DB_ACQUIRE_TIMEOUT_MS: '1000',
  DB_STATEMENT_TIMEOUT_MS: '1200',
  DB_LOCK_TIMEOUT_MS: '1000',
};

let server: PostgresServer;
let client: RawClient | undefined;

async function start(env: Record<string, string> = {}): Promise<RawClient> {
  client = new RawClient({ DATABASE_URL: server.url('steward'), ...LIMITS, ...env });
  await client.greet();
  return client;
}

const read = (from: RawClient) => from.call('list_recent_users', { limit: 3 });
const write = (to: RawClient, id: number) =>
  to.call('transfer_user', { user_id: id, new_department: Math.random() < 0.5 ? 'Sales' : 'Finance' });

async function expectServed(by: RawClient, patienceMs = 15_000): Promise<void> {
  const until = Date.now() + patienceMs;
  let outcomes: Outcome[] = [];
  while (Date.now() < until) {
    outcomes = await Promise.all([read(by), write(by, 1), by.call('get_user', { id: 2 })]);
    const failed = outcomes.filter(({ code }) => code !== undefined);
    if (failed.length === 0) return;
    failed.forEach(expectCoded);
    await setTimeout(200);
  }
  throw new Error(`Not served again: ${JSON.stringify(outcomes)}\n${by.stderr()}`);
}

function expectCoded({ code, text }: Outcome): void {
  expect(['DATABASE_UNAVAILABLE', 'TIMEOUT']).toContain(code);
  expect(text).not.toMatch(/127\.0\.0\.1|ECONN|postgres|prisma|steward"|secret/i);
}

/** It ends as it should, said nothing that it should not, and left everything whole. */
async function expectCleanEnd(of: RawClient): Promise<void> {
  expect(await of.end()).toEqual({ code: 0, signal: null });
  expect(notJsonRpc(of.lines)).toEqual([]);
  expect(notLogLines(of.stderr())).toEqual([]);
  expect(await brokenRules({ query: (sql) => server.query(sql, 'steward') })).toEqual({});
}

/** Fails for a call that is served, or takes longer than the deadline and a second on top. */
async function expectRefused(call: Promise<Outcome>): Promise<void> {
  const started = performance.now();
  expectCoded(await call);
  expect(performance.now() - started).toBeLessThan(DEADLINE_MS + 1000);
}

// The embedded database has no server that could fail. Outages under load are those of tests/resilience.
onServerOfItsOwn(`a database that fails${whyNoServer ? ` (skipped: ${whyNoServer})` : ''}`, () => {
  beforeAll(async () => {
    server = await PostgresServer.create();
    await migrateAndSeed(server.url('steward'));
  });
  afterAll(() => server?.destroy());

  afterEach(async () => {
    if (client) await expectCleanEnd(client);
  });

  it.each([
    ['stopped', () => server.stop(), () => server.start()],
    ['frozen', async () => server.freeze(), async () => server.thaw()],
  ])(
    'refuses within the deadline while it is %s, at the start and later, and serves once it is back',
    async (_, fail, comeBack) => {
      await fail();
      const waiting = await start();
      try {
        const calls = [read(waiting), write(waiting, 2), waiting.call('get_user', { id: 1 })];
        await Promise.all(calls.map(expectRefused));
      } finally {
        await comeBack();
      }
      await expectServed(waiting);
      await fail();
      try {
        // Without calls there is nothing that could notice.
        await setTimeout(300);
        await expectRefused(read(waiting));
      } finally {
        await comeBack();
      }
      await expectServed(waiting);
    },
  );

  it('by freezing in the middle of a transaction leaves no connection behind on which later writes are lost', async () => {
    const writer = await start({ DB_POOL_MAX: '2', DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: '60000' });
    await expectServed(writer);
    const holder = new pg.Client({ connectionString: server.url('steward') });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM users WHERE id = 3 FOR UPDATE');
    const stuck = write(writer, 3);
    await setTimeout(200);
    server.freeze();
    await expectRefused(stuck);
    // Longer than the client waits for the statement, and for the rollback behind it.
    await setTimeout(6000);
    server.thaw();
    await holder.end();
    await expectServed(writer);
    const names = ['Thawed 1', 'Thawed 2', 'Thawed 3', 'Thawed 4'];
    for (const name of names) expect((await writer.call('create_department', { name })).code).toBeUndefined();
    const kept = await server.query<{ name: string }>(
      "SELECT name::text FROM departments WHERE name LIKE 'Thawed %' ORDER BY name",
      'steward',
    );
    expect(kept.map(({ name }) => name)).toEqual(names);
  });
});
