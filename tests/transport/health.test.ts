import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { MAIN } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { countWaiting } from '../support/count-waiting.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { codeOf, HttpSteward, MCP_HEADERS, type HttpAnswer } from '../support/http.js';
import { migrate } from '../support/migrate.mjs';
import { POSTGRES_BIN, PostgresServer } from '../support/postgres-server.mjs';

const get = (steward: HttpSteward, path: string, headers = {}) =>
  steward.send({ method: 'GET', path, headers });

const READY = { status: 'ready', checks: { directory: { database: 'ok', migrations: 'ok' } } };

/** Waits for the status of /ready: it may repeat an answer of a moment ago. */
async function readiness(steward: HttpSteward, wanted: object): Promise<HttpAnswer> {
  let answer: HttpAnswer | undefined;
  await eventually(async () => {
    answer = await get(steward, '/ready');
    return JSON.stringify(answer.json) === JSON.stringify(wanted);
  }, 30_000).catch(() => expect(answer?.json).toEqual(wanted));
  return answer as HttpAnswer;
}

const notReady = (directory: Record<string, string>) => ({ status: 'not ready', checks: { directory } });

async function expectNotReady(steward: HttpSteward, checks: Record<string, string>) {
  const answer = await readiness(steward, notReady(checks));
  expect(answer.status).toBe(503);
  expect(await get(steward, '/health')).toMatchObject({ status: 200, json: { status: 'ok' } });
}

/** A connection that is kept open, with the beginning of a request sent. */
async function open(steward: HttpSteward, beginning: string): Promise<net.Socket> {
  const socket = net.connect(steward.port, '127.0.0.1');
  const headers = Object.entries({ ...MCP_HEADERS, host: 'localhost', connection: 'keep-alive' });
  socket.write(beginning + headers.map(([name, value]) => `${name}: ${value}\r\n`).join(''));
  // Once it was answered on another one, this one was accepted, too.
  await get(steward, '/health');
  return socket;
}

/** Differences of the ledger of migrations from this version's, and their repair. */
const DIFFERENCES = [
  [
    'behind',
    "UPDATE _prisma_migrations SET migration_name = 'x', rolled_back_at = now() WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)",
  ],
  [
    'ahead',
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('a', '', '29990101000000_later', now())`,
  ],
  [
    'failed',
    `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('f', '', '29990101000000_half')`,
  ],
] as const;

describe('/ready', () => {
  let database: TestDatabase;
  let ledger: object[];

  beforeAll(async () => {
    database = await freshDatabase();
    ledger = await database.query('SELECT * FROM _prisma_migrations');
  });
  afterAll(() => database.drop());
  const restore = async () => {
    await database.query('DELETE FROM _prisma_migrations');
    await database.query(
      'INSERT INTO _prisma_migrations SELECT * FROM json_populate_recordset(NULL::_prisma_migrations, $1)',
      [JSON.stringify(ledger)],
    );
  };
  afterEach(restore);

  it.each(DIFFERENCES)(
    'says that migrations are %s while it serves, until they are right',
    async (state, change) => {
      const steward = await HttpSteward.start(database.env);
      await readiness(steward, READY);
      await database.query(change);
      await expectNotReady(steward, { database: 'ok', migrations: state });
      await restore();
      expect(await readiness(steward, READY)).toMatchObject({ status: 200 });
      await steward.stop();
    },
  );

  it('and /health answer under every host name', async () => {
    const steward = await HttpSteward.start(database.env);
    await readiness(steward, READY);
    for (const [path, json] of [
      ['/health', { status: 'ok' }],
      ['/ready', READY],
    ] as const)
      expect(await get(steward, path, { host: '10.0.0.7:3000' })).toMatchObject({ status: 200, json });
    await steward.stop();
  });

  it('says without its secrets that a database cannot be reached, which calls are told, too', async () => {
    const lost = await HttpSteward.start({ DATABASE_URL: 'postgresql://ann:s3cret@127.0.0.1:1/gone' });
    await expectNotReady(lost, { database: 'does not answer' });
    expect((await get(lost, '/ready')).text).not.toMatch(/s3cret|127\.0\.0\.1|gone|ann/);
    expect(codeOf(await lost.call('list_departments'))).toBe('DATABASE_UNAVAILABLE');
    await lost.stop();
  });

  it('says that the embedded database cannot be used, and the log why', async () => {
    const steward = await HttpSteward.start({ STEWARD_DATA_DIR: MAIN });
    await expectNotReady(steward, { database: 'cannot be used, see the log' });
    expect((await steward.logged('not ready'))['cause']).toContain(MAIN);
    await steward.stop();
  });

  onServer('at the start (on PostgreSQL only: the embedded database is migrated at the start)', () => {
    it.each(DIFFERENCES)('says that migrations are %s', async (state, change) => {
      await database.query(change);
      const steward = await HttpSteward.start(database.env);
      await expectNotReady(steward, { database: 'ok', migrations: state });
      expect(codeOf(await steward.call('list_departments'))).toBe('DATABASE_UNAVAILABLE');
      await steward.stop();
    });
  });
});

onServer('/ready (on PostgreSQL only: the embedded database serves one at a time)', () => {
  let database: TestDatabase;
  let steward: HttpSteward;
  let holder: pg.Client;

  beforeEach(async () => {
    database = await freshDatabase();
    steward = await HttpSteward.start({ ...database.env, SHUTDOWN_GRACE_MS: '300000' });
    await readiness(steward, READY);
    holder = new pg.Client({ connectionString: database.administration['DATABASE_URL'] });
    await holder.connect();
    await holder.query('BEGIN');
  });
  afterEach(async () => {
    await holder.end();
    await steward.stop();
    await database.drop();
  });

  it('asks the database once, however many probes come', async () => {
    await holder.query('LOCK TABLE _prisma_migrations');
    // The answer of the probes above is good for a second.
    await setTimeout(1100);
    const probes = Array.from({ length: 50 }, () => get(steward, '/ready'));
    await eventually(async () => (await countWaiting(database, '_prisma_migrations')) > 0);
    // Long enough for others to have come as far.
    await setTimeout(200);
    expect(await countWaiting(database, '_prisma_migrations')).toBe(1);
    await holder.query('ROLLBACK');
    for (const answer of await Promise.all(probes))
      expect(answer).toMatchObject({ status: 200, json: READY });
  });

  it('says no on a connection still open once the server is told to stop, while a call under way is finished', async () => {
    await holder.query('SELECT FROM users WHERE id = 5 FOR UPDATE');
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'set_user_role', arguments: { user_id: 5, role: 'Last' } },
    });
    const caller = await open(steward, `POST /mcp HTTP/1.1\r\nContent-Length: ${body.length}\r\n`);
    caller.write(`\r\n${body}`);
    await eventually(async () => (await countWaiting(database, 'users')) > 0);
    const prober = await open(steward, 'GET /ready HTTP/1.1\r\n');
    const ended = steward.stop('SIGTERM');
    await steward.logged('stopping');
    prober.write('\r\n');
    const [refusal] = await once(prober, 'data');
    expect(String(refusal)).toMatch(/^HTTP\/1.1 503 [^]*\r\n\r\n\{"status":"stopping"\}$/);

    await holder.query('ROLLBACK');
    const [answer] = await once(caller, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 200 [^]*"changed":true/);
    // Both clients would have kept their connections; the server does not wait for them until its grace is over.
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});

(POSTGRES_BIN === undefined ? describe.skip : describe)(
  '/ready in an outage (where PostgreSQL is installed)',
  () => {
    let server: PostgresServer;
    let steward: HttpSteward;

    beforeAll(async () => {
      server = await PostgresServer.create();
      await migrate(server.url());
      steward = await HttpSteward.start({ DATABASE_URL: server.url() });
      await readiness(steward, READY);
    });
    afterAll(async () => {
      await steward.stop();
      await server.destroy();
    });

    it('does not wait for a database that is frozen, and says yes when it goes on', async () => {
      server.freeze();
      await expectNotReady(steward, { database: 'does not answer' });
      server.thaw();
      await readiness(steward, READY);
    });

    it('says no while the database is down, without its secrets, and yes when it is back', async () => {
      await server.stop();
      await expectNotReady(steward, { database: 'does not answer' });
      expect((await get(steward, '/ready')).text).not.toMatch(/outage|secret|127\.0\.0\.1|postgres/);
      await server.start();
      await readiness(steward, READY);
    });
  },
);
