import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { onServerOfItsOwn, whyNoServer } from '../support/conditions.js';
import { brokenRules, census } from '../support/data-rules.mjs';
import { migrateAndSeed } from '../support/migrate.mjs';
import { PostgresServer } from '../support/postgres-server.mjs';
import { notJsonRpc, notLogLines, RawClient, type Outcome } from '../support/raw-client.js';

/** The embedded database has no server that could fail, and without PostgreSQL's binaries there is none to start. */
const skipped = whyNoServer ? ` (skipped: ${whyNoServer})` : '';

const DEADLINE_MS = 2000;
const LIMITS = {
  CALL_DEADLINE_MS: String(DEADLINE_MS),
  DB_ACQUIRE_TIMEOUT_MS: '1000',
  DB_STATEMENT_TIMEOUT_MS: '1200',
  DB_LOCK_TIMEOUT_MS: '1000',
};
const MAX_CONNECTIONS = 12;

let server: PostgresServer;
let client: RawClient | undefined;

/** Errors that a caller may see while the database is away. */
const COMING_BACK = ['DATABASE_UNAVAILABLE', 'TIMEOUT'];

const database = { query: <Row>(sql: string) => server.query<Row>(sql, 'steward') };

async function start(): Promise<RawClient> {
  client = new RawClient({ DATABASE_URL: server.url('steward'), ...LIMITS });
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
    if (outcomes.every((outcome) => outcome.code === undefined)) return;
    for (const { code } of outcomes) expect([undefined, ...COMING_BACK]).toContain(code);
    await setTimeout(200);
  }
  throw new Error(`Not served again: ${JSON.stringify(outcomes)}\n${by.stderr()}`);
}

/** It ends as it should, said nothing that it should not, and left everything whole. */
async function expectCleanEnd(of: RawClient): Promise<void> {
  expect(await of.end()).toEqual({ code: 0, signal: null });
  expect(notJsonRpc(of.lines)).toEqual([]);
  expect(notLogLines(of.stderr())).toEqual([]);
  expect(of.stderr()).not.toContain('outage test');
  expect(await brokenRules(database)).toEqual({});
}

/** Ends every session of every Steward. */
const terminate = () =>
  server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'steward'`);

const create = (by: RawClient, username: string) =>
  by.call('create_user', { username, email: `${username}@example.com`, department: 'Engineering' });

interface Acknowledged {
  userId: number;
  field: string;
  newValue: string;
}

function toAcknowledged({ data }: Outcome): Acknowledged[] {
  const user = data['user'] as { id: number; username: string };
  if (!('change' in data)) return [{ userId: user.id, field: 'created', newValue: user.username }];
  const change = data['change'] as { field: string; new_value: string } | null;
  return change ? [{ userId: user.id, field: change.field, newValue: change.new_value }] : [];
}

/** Counts each change. */
function tally(changes: Acknowledged[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { userId, field, newValue } of changes) {
    const key = `${userId} ${field} ${newValue}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Calls without a pause until told to stop, and says what came of it. */
function underLoad(by: RawClient): () => Promise<Outcome[]> {
  const stopping = new AbortController();
  const outcomes: Outcome[] = [];
  const worker = async (number: number) => {
    while (!stopping.signal.aborted) outcomes.push(await (number % 2 === 0 ? read(by) : write(by, number)));
  };
  const workers = Promise.all([1, 2, 3, 4, 5, 6].map(worker));
  return async () => {
    stopping.abort();
    await workers;
    return outcomes;
  };
}

/** Fails for a call that takes longer than the deadline and a second on top. */
async function withinDeadline(call: Promise<Outcome>): Promise<Outcome> {
  const started = performance.now();
  const outcome = await call;
  expect(performance.now() - started).toBeLessThan(DEADLINE_MS + 1000);
  return outcome;
}

const expectCoded = (outcome: Outcome) => {
  expect(COMING_BACK).toContain(outcome.code);
  expect(outcome.text).not.toMatch(/127\.0\.0\.1|ECONN|postgres|prisma|steward"|secret/i);
};

onServerOfItsOwn(`a database that fails${skipped}`, () => {
  beforeAll(async () => {
    server = await PostgresServer.create({
      max_connections: MAX_CONNECTIONS,
      superuser_reserved_connections: 3,
    });
    await migrateAndSeed(server.url('steward'));
  });

  afterAll(() => server?.destroy());

  afterEach(async () => {
    if (client) await expectCleanEnd(client);
    client = undefined;
  });

  it('at the start gives DATABASE_UNAVAILABLE within the deadline, and serves as soon as it is up', async () => {
    await server.stop();
    const waiting = await start();
    for (const call of [
      read(waiting),
      write(waiting, 1),
      waiting.call('get_user_preferences', { user_id: 1 }),
    ]) {
      const outcome = await withinDeadline(call);
      expect(outcome.code).toBe('DATABASE_UNAVAILABLE');
      expectCoded(outcome);
    }
    await server.start();
    await expectServed(waiting);
  });

  it('without calls is noticed by the next call, and forgotten once it is back', async () => {
    const survivor = await start();
    await expectServed(survivor);
    await server.stop();
    await setTimeout(300);
    expectCoded(await withinDeadline(read(survivor)));
    await server.start();
    await expectServed(survivor);
    expect(survivor.child.exitCode).toBeNull();
  });

  it.each(['immediate', 'fast'] as const)(
    'under load (stopped: %s) leads to coded errors only',
    async (mode) => {
      const survivor = await start();
      await expectServed(survivor);
      const stopLoad = underLoad(survivor);
      await setTimeout(500);
      await server.stop(mode);
      await setTimeout(1000);
      await server.start();
      await setTimeout(500);
      const outcomes = await stopLoad();
      const failures = outcomes.filter((outcome) => outcome.code !== undefined);
      expect(failures.length).toBeGreaterThan(0);
      failures.forEach(expectCoded);
      await expectServed(survivor);
    },
  );

  it('by freezing is TIMEOUT or DATABASE_UNAVAILABLE within the deadline, and serves on when it thaws', async () => {
    const survivor = await start();
    await expectServed(survivor);
    server.freeze();
    try {
      const frozen = [read(survivor), write(survivor, 2), write(survivor, 2), read(survivor), read(survivor)];
      for (const outcome of await Promise.all(frozen.map(withinDeadline))) expectCoded(outcome);
      expectCoded(await withinDeadline(read(survivor)));
    } finally {
      server.thaw();
    }
    await expectServed(survivor);
  });

  it('by freezing in the middle of a transaction leaves no connection behind on which later writes are lost', async () => {
    const env = { ...LIMITS, DB_POOL_MAX: '2', DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: '60000' };
    client = new RawClient({ DATABASE_URL: server.url('steward'), ...env });
    await client.greet();
    await expectServed(client);
    const holder = new pg.Client({ connectionString: server.url('steward') });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM users WHERE id = 3 FOR UPDATE');
    const stuck = write(client, 3);
    await setTimeout(200);
    server.freeze();
    expectCoded(await withinDeadline(stuck));
    // Longer than the client waits for the statement, and for the rollback behind it.
    await setTimeout(6000);
    server.thaw();
    await holder.end();
    await expectServed(client);
    const names = ['Thawed 1', 'Thawed 2', 'Thawed 3', 'Thawed 4'];
    for (const name of names) expect((await client.call('create_department', { name })).code).toBeUndefined();
    const kept = await database.query<{ name: string }>(
      "SELECT name::text FROM departments WHERE name LIKE 'Thawed %' ORDER BY name",
    );
    expect(kept.map(({ name }) => name)).toEqual(names);
  });

  it('frozen at the start keeps no call waiting beyond the deadline', async () => {
    server.freeze();
    const waiting = await start();
    try {
      expectCoded(await withinDeadline(read(waiting)));
    } finally {
      server.thaw();
    }
    await expectServed(waiting);
  });

  it('by running out of connections is DATABASE_UNAVAILABLE or TIMEOUT, and serves once there are some', async () => {
    await server.query(`CREATE ROLE app LOGIN PASSWORD 'app'; GRANT ALL ON SCHEMA public TO app`, 'steward');
    await server.query(
      `GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app`,
      'steward',
    );
    const url = server.url('steward', { user: 'app', password: 'app' });
    const hogs = await Promise.all(
      Array.from({ length: MAX_CONNECTIONS - 3 }, async () => {
        const hog = new pg.Client({ connectionString: url });
        await hog.connect();
        return hog;
      }),
    );
    client = new RawClient({ DATABASE_URL: url, ...LIMITS });
    await client.greet();
    expectCoded(await withinDeadline(read(client)));
    await Promise.all(hogs.map((hog) => hog.end()));
    await expectServed(client);
  });

  it('by ending every session is survived, idle and under load', async () => {
    const survivor = await start();
    await expectServed(survivor);
    await terminate();
    await expectServed(survivor);
    const stopLoad = underLoad(survivor);
    for (let round = 0; round < 20; round += 1) {
      await setTimeout(100);
      await terminate();
    }
    const outcomes = await stopLoad();
    outcomes.filter((outcome) => outcome.code !== undefined).forEach(expectCoded);
    expect(outcomes.some((outcome) => outcome.code === undefined)).toBe(true);
    await expectServed(survivor);
  });
});

/** Creates and transfers without a pause until the server is killed, after a random number of acknowledgements. */
async function oneLife(life: number): Promise<Acknowledged[]> {
  const victim = await start();
  client = undefined;
  const acknowledged: Acknowledged[] = [];
  const lifetime = 5 + Math.floor(Math.random() * 40);
  let calls = 0;
  const worker = async () => {
    for (;;) {
      const number = (calls += 1);
      const outcome = await (number % 2 === 0
        ? write(victim, 1 + (number % 20))
        : create(victim, `life_${life}_${number}`));
      expect(outcome.code).toBeUndefined();
      acknowledged.push(...toAcknowledged(outcome));
      if (acknowledged.length === lifetime) {
        await setTimeout(Math.random() * 5);
        victim.child.kill('SIGKILL');
      }
    }
  };
  await Promise.allSettled(Array.from({ length: 6 }, worker));
  expect(await victim.exited).toEqual({ code: null, signal: 'SIGKILL' });
  return acknowledged;
}

onServerOfItsOwn(`a Steward that is killed${skipped}`, () => {
  const ENOUGH = 200;

  beforeAll(async () => {
    server = await PostgresServer.create();
    await migrateAndSeed(server.url('steward'));
  });

  afterAll(() => server?.destroy());

  it('at any moment has kept all that it acknowledged, and nothing by halves', async () => {
    const before = await census(database);
    const acknowledged: Acknowledged[] = [];
    for (let life = 1; acknowledged.length < ENOUGH; life += 1) acknowledged.push(...(await oneLife(life)));
    const changes = await database.query<Acknowledged>(
      'SELECT user_id AS "userId", field_changed AS field, new_value AS "newValue" FROM user_audit_log',
    );
    const stored = tally(changes);
    const lost = [...tally(acknowledged)].filter(([change, count]) => (stored.get(change) ?? 0) < count);
    expect(lost).toEqual([]);
    const after = await census(database);
    expect(after['counted']).toBe(after['users']);
    expect(after['unrecorded']).toBe(before['unrecorded']);
    expect(await brokenRules(database)).toEqual({});
  });
});
