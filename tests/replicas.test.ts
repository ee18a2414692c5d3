import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { prisma, steward } from './support/command.mjs';
import { freshDatabase, type TestDatabase } from './support/database.js';
import { HttpSteward } from './support/http.js';
import { POSTGRES_BIN, PostgresServer } from './support/postgres-server.mjs';
import { records, startSteward, type Steward } from './support/steward.js';
import { SERVER_URL } from './support/template.mjs';

const onServer = SERVER_URL === undefined ? describe.skip : describe;
const withBinaries = SERVER_URL === undefined || POSTGRES_BIN === undefined ? describe.skip : describe;
/** No limit is to come between a test and what it asks. */
const UNLIMITED = { RATE_LIMIT_PER_MINUTE: '1000000' };

/** Name and active users of each department, as a process tells them. */
async function headcounts(of: HttpSteward): Promise<Map<string, number>> {
  const { departments } = await answer(of, 'list_departments', {});
  const { rows } = departments as { rows: unknown[][] };
  return new Map(rows.map(([, name, active]) => [name as string, active as number]));
}

/** The structured answer of a call that has to succeed. */
async function answer(of: HttpSteward, tool: string, args: object): Promise<Record<string, unknown>> {
  const { json, text } = await of.call(tool, args);
  if (json?.result === undefined || json.result['isError'] === true) throw new Error(text);
  return json.result['structuredContent'] as Record<string, unknown>;
}

const userOf = (data: Record<string, unknown>) => data['user'] as { id: number; department: string };

let people = 0;

/** A new user in a department, made through this process. */
async function hire(by: HttpSteward, department: string): Promise<number> {
  people += 1;
  const username = `hired_${process.pid}_${people}`;
  return userOf(await answer(by, 'create_user', { username, email: `${username}@example.com`, department }))
    .id;
}

/** Tries again until it holds, for a few seconds. */
async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return;
    await setTimeout(50);
  }
  throw new Error('It never came to hold');
}

const times = (by: HttpSteward, message: string) =>
  by.log().filter((line) => line.message === message).length;

const active = async (of: Steward, name: string) =>
  records(await of.call('list_departments'), 'departments').find((row) => row.name === name)?.active;

describe('two servers of one database over stdio', () => {
  let servers: [Steward, Steward];

  beforeAll(async () => {
    const database = await freshDatabase();
    servers = [await startSteward({ database }), await startSteward({ database })];
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await servers[0].database.drop();
  });

  it('show each other at once what they changed about departments', async () => {
    const [one, two] = servers;
    await active(two, 'Sales');
    await one.call('create_department', { name: 'Fleet' });
    expect(await active(two, 'Fleet')).toBe(0);
    for (let count = 1; count <= 20; count += 1) {
      const [writer, reader] = count % 2 === 0 ? [one, two] : [two, one];
      const username = `driver_${count}`;
      await writer.call('create_user', { username, email: `${username}@example.com`, department: 'Fleet' });
      expect(await active(reader, 'Fleet')).toBe(count);
    }
  });
});

onServer(
  'the departments cache of several processes (on PostgreSQL only: the embedded database has none)',
  () => {
    let database: TestDatabase;
    let one: HttpSteward;
    let two: HttpSteward;

    beforeAll(async () => {
      database = await freshDatabase();
      [one, two] = await Promise.all([start(database.env), start(database.env)]);
    });
    afterAll(async () => {
      await Promise.all([one.stop(), two.stop()]);
      await database.drop();
    });

    /** How often departments were read so far. */
    const reads = async () => {
      // A session's counters are handed over when it has been idle for a second.
      await setTimeout(1500);
      const [row] = await database.query<{ scans: number }>(
        `SELECT (seq_scan + idx_scan)::int AS scans FROM pg_stat_user_tables WHERE relname = 'departments'`,
      );
      return row?.scans;
    };

    it('is used: lists between two changes are read from the database once', async () => {
      await headcounts(one);
      const before = await reads();
      for (let call = 0; call < 10; call += 1) await headcounts(one);
      expect(await reads()).toBe(before);
    });

    it('shows a department made through one process in the next answer of the other', async () => {
      for (let round = 0; round < 30; round += 1) {
        const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
        await headcounts(reader);
        await answer(writer, 'create_department', { name: `Branch ${round}` });
        expect([...(await headcounts(reader)).keys()]).toContain(`Branch ${round}`);
      }
    });

    it('shows every transfer made through one process in the next answer of the other', async () => {
      const id = await hire(one, 'Sales');
      for (let round = 0; round < 30; round += 1) {
        const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
        const [left, joined] = round % 2 === 0 ? ['Sales', 'Finance'] : ['Finance', 'Sales'];
        const before = await headcounts(reader);
        await answer(writer, 'transfer_user', { user_id: id, new_department: joined });
        const after = await headcounts(reader);
        expect(after.get(left)).toBe((before.get(left) ?? 0) - 1);
        expect(after.get(joined)).toBe((before.get(joined) ?? 0) + 1);
      }
    });

    const shows = async (name: string) => (await headcounts(two)).has(name);

    it('hears of what other programs write', async () => {
      expect(await shows('By hand')).toBe(false);
      await database.query("INSERT INTO departments (name) VALUES ('By hand')");
      expect(await shows('By hand')).toBe(true);
      await database.query("UPDATE departments SET name = 'By foot' WHERE name = 'By hand'");
      expect(await shows('By foot')).toBe(true);
      await database.query("DELETE FROM departments WHERE name = 'By foot'");
      expect(await shows('By foot')).toBe(false);
    });

    it('is told once for each transaction that changes a head count, and not for any other', async () => {
      const listener = new pg.Client({ connectionString: database.env['DATABASE_URL'] });
      await listener.connect();
      let heard = 0;
      listener.on('notification', () => (heard += 1));
      await listener.query('LISTEN steward_departments');
      const hearings = async (work: () => Promise<unknown>) => {
        // What was sent before has arrived when a query is answered.
        await listener.query('SELECT');
        const before = heard;
        await work();
        await listener.query('SELECT');
        return heard - before;
      };
      const id = await hire(one, 'Sales');
      const transfer = () => answer(one, 'transfer_user', { user_id: id, new_department: 'Finance' });
      expect(await hearings(transfer)).toBe(1);
      expect(await hearings(transfer)).toBe(0);
      expect(await hearings(() => database.query('UPDATE users SET active = NOT active'))).toBe(1);
      expect(await hearings(() => database.query('UPDATE users SET updated_at = now()'))).toBe(0);
      const prefer = () => answer(one, 'update_user_preferences', { user_id: 1, preferences: { a: 1 } });
      expect(await hearings(prefer)).toBe(0);
      const undone = "BEGIN; INSERT INTO departments (name) VALUES ('Never'); ROLLBACK";
      expect(await hearings(() => database.query(undone))).toBe(0);
      await listener.end();
    });
  },
);

withBinaries('a connection for changes that fails (on PostgreSQL only, where it is installed)', () => {
  let server: PostgresServer;
  let running: HttpSteward;

  beforeAll(async () => {
    server = await PostgresServer.create();
    await fill(server);
    running = await start({ DATABASE_URL: server.url('steward') });
    await running.logged('listening for changes');
  });
  afterAll(async () => {
    await running?.stop();
    await server?.destroy();
  });

  const listeners = () =>
    server.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'steward changes'`,
    );
  const add = (name: string) => server.query(`INSERT INTO departments (name) VALUES ('${name}')`, 'steward');
  const shows = async (name: string) => (await headcounts(running)).has(name);

  it('takes one session of the server, besides the pool', async () => {
    expect(await listeners()).toHaveLength(1);
  });

  it('is made again when it is cut, and what was changed meanwhile is seen', async () => {
    for (let round = 0; round < 3; round += 1) {
      await shows('Anything');
      const connected = times(running, 'listening for changes');
      const [listener] = await listeners();
      await server.query(`SELECT pg_terminate_backend(${listener?.pid}, 5000)`);
      await add(`Cut ${round}`);
      // On odd rounds nobody asks before it listens again: what it kept from before must be gone by then.
      if (round % 2 === 0) expect(await shows(`Cut ${round}`)).toBe(true);
      await eventually(() => times(running, 'listening for changes') > connected);
      expect(await shows(`Cut ${round}`)).toBe(true);
    }
    await add('After all');
    expect(await shows('After all')).toBe(true);
  });

  it('comes back after the server was restarted', async () => {
    await shows('Anything');
    const connected = times(running, 'listening for changes');
    await server.stop('immediate');
    await server.start();
    await add('While away');
    await eventually(() => shows('While away').catch(() => false));
    await eventually(() => times(running, 'listening for changes') === connected + 1);
    await add('Back again');
    expect(await shows('Back again')).toBe(true);
  });

  it('is given up when it is frozen, and nobody is answered from the cache meanwhile', async () => {
    await shows('Anything');
    const [listener] = await listeners();
    process.kill(listener?.pid as number, 'SIGSTOP');
    try {
      for (const name of ['Unheard', 'Unheard again']) {
        await add(name);
        expect(await shows(name)).toBe(true);
      }
    } finally {
      process.kill(listener?.pid as number, 'SIGCONT');
    }
  });
});

withBinaries('reads from a replica (on PostgreSQL only, where it is installed)', () => {
  let server: PostgresServer;
  let replica: PostgresServer;
  let one: HttpSteward;
  let two: HttpSteward;

  beforeAll(async () => {
    server = await PostgresServer.create();
    await fill(server);
    replica = await server.replica();
    const env = {
      DATABASE_URL: server.url('steward'),
      DATABASE_REPLICA_URL: replica.url('steward'),
      // Nothing that a test waits for is to come about by a time limit.
      CALL_DEADLINE_MS: '50000',
      DB_STATEMENT_TIMEOUT_MS: '40000',
      DB_LOCK_TIMEOUT_MS: '40000',
    };
    [one, two] = await Promise.all([start(env), start(env)]);
    await Promise.all([one.logged('replica in use'), two.logged('replica in use')]);
  });
  afterAll(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    await replica?.destroy();
    await server?.destroy();
  });

  const usedAgain = (by: HttpSteward) =>
    eventually(async () => {
      await departmentOf(by, 1);
      return (await statementsAt(replica)).some(isRead);
    });
  const waiting = () =>
    replica.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'steward' AND wait_event_type = 'Lock'`,
    );
  /** Moves a user through one process, to and fro, and has the other say at once where they are. */
  async function expectOwnWritesRead(rounds: number): Promise<void> {
    const id = await hire(one, 'Sales');
    for (let round = 0; round < rounds; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
      const [left, joined] = round % 2 === 0 ? ['Sales', 'Finance'] : ['Finance', 'Sales'];
      const before = { left: await totalOf(reader, left), joined: await totalOf(reader, joined) };
      await answer(writer, 'transfer_user', { user_id: id, new_department: joined });
      expect(await departmentOf(reader, id)).toBe(joined);
      expect(await totalOf(reader, joined)).toBe(before.joined + 1);
      expect(await totalOf(writer, left)).toBe(before.left - 1);
      expect((await headcounts(reader)).get(joined)).toBe(before.joined + 1);
      const changes = (await answer(reader, 'get_user_history', { user_id: id, limit: 1 }))['changes'];
      expect((changes as { rows: unknown[][] }).rows[0]).toContain(joined);
    }
  }

  it('sends all reads of a call there, and none to the primary', async () => {
    await forget(server, replica);
    await usedAgain(one);
    await forget(server, replica);
    await answer(one, 'find_users', { department: 'Sales', role: 'Account Executive', limit: 3 });
    await answer(one, 'get_user_history', { user_id: 1 });
    expect((await statementsAt(server)).filter(isRead)).toEqual([]);
    expect((await statementsAt(replica)).filter(isRead)).not.toEqual([]);
  });

  it('sends writes to the primary', async () => {
    await forget(server, replica);
    const id = await hire(one, 'Marketing');
    await answer(one, 'set_user_role', { user_id: id, role: 'Designer' });
    expect((await statementsAt(server)).filter(isWrite)).not.toEqual([]);
    expect((await statementsAt(replica)).filter(isWrite)).toEqual([]);
  });

  it('lets a caller read what they wrote, through whichever process', async () => {
    await expectOwnWritesRead(30);
  });

  it('lets a caller read what they wrote while the replica does not replay, and uses it when it does', async () => {
    await replica.query('SELECT pg_wal_replay_pause()');
    try {
      await expectOwnWritesRead(4);
      expect(await replicaCheck(one)).toEqual({ status: 200, replica: 'behind' });
    } finally {
      await replica.query('SELECT pg_wal_replay_resume()');
    }
    await forget(server, replica);
    await Promise.all([usedAgain(one), usedAgain(two)]);
    await eventually(async () => (await replicaCheck(one)).replica === 'ok');
    // It did nothing wrong.
    for (const message of ['replica out of use', 'a replica could not answer'])
      expect(times(one, message)).toBe(0);
  });

  it('goes on with the primary when the replica stops, without an error, and back when it returns', async () => {
    const reading = new AbortController();
    const readers = [one, two].map(async (by) => {
      let answered = 0;
      for (; !reading.signal.aborted; answered += 1) await departmentOf(by, 1 + (answered % 100));
      return answered;
    });
    await setTimeout(300);
    await replica.stop('immediate');
    await Promise.all([one.logged('replica out of use'), two.logged('replica out of use')]);
    expect(await replicaCheck(two)).toEqual({ status: 200, replica: 'does not answer' });
    await expectOwnWritesRead(2);
    await replica.start();
    await eventually(() => times(one, 'replica in use') === 2 && times(two, 'replica in use') === 2);
    await setTimeout(300);
    reading.abort();
    for (const answered of await Promise.all(readers)) expect(answered).toBeGreaterThan(10);
    await forget(server, replica);
    await usedAgain(one);
    await expectOwnWritesRead(2);
  });

  it('goes on with the primary when the replica freezes, and back when it thaws', async () => {
    await usedAgain(one);
    replica.freeze();
    try {
      for (const id of [1, 2, 3]) expect(await departmentOf(one, id)).toBeDefined();
    } finally {
      replica.thaw();
    }
    await eventually(() => times(one, 'replica in use') >= 3);
  });

  it("ends a caller's statement there, too, when the caller hangs up", async () => {
    const locker = new pg.Client({ connectionString: server.url('steward') });
    await locker.connect();
    try {
      await usedAgain(one);
      await locker.query('BEGIN');
      await locker.query('LOCK TABLE user_preferences IN ACCESS EXCLUSIVE MODE');
      // A replica takes this lock as well, once it has replayed it.
      await replayed(server, replica);
      const hangUp = new AbortController();
      const call = one.call('get_user_preferences', { user_id: 1 }, { signal: hangUp.signal });
      await eventually(async () => (await waiting()).length === 1);
      hangUp.abort();
      await expect(call).rejects.toThrow('aborted');
      await eventually(async () => (await waiting()).length === 0);
      expect(await statementsAt(server)).not.toContainEqual(expect.stringContaining('user_preferences'));
    } finally {
      await locker.end();
    }
  });

  it('does not take a server for a replica that is none, or that follows another', async () => {
    const other = await PostgresServer.create();
    const stranger = await other.replica();
    const addresses = [other, stranger, server].map((each) => each.url('steward'));
    let misled: HttpSteward | undefined;
    try {
      await fill(other);
      const env = { DATABASE_URL: server.url('steward'), DATABASE_REPLICA_URL: addresses.join(',') };
      misled = await start(env);
      await misled.logged('listening for changes');
      for (const name of ['replica_1', 'replica_2', 'replica_3'])
        await eventually(async () => (await checks(misled as HttpSteward))[name] === NOT_A_REPLICA);
      const id = await hire(misled, 'Sales');
      expect(await departmentOf(misled, id)).toBe('Sales');
      expect(times(misled, 'replica in use')).toBe(0);
      expect(misled.stderr()).not.toMatch(/secret|127\.0\.0\.1:/);
    } finally {
      await misled?.stop();
      await stranger.destroy();
      await other.destroy();
    }
  });

  it('does not use a replica any more that was promoted', async () => {
    await usedAgain(one);
    await replica.query('SELECT pg_promote()');
    await replica.query(`UPDATE users SET role = 'Impostor' WHERE id = 1`, 'steward');
    await answer(one, 'create_department', { name: 'After the promotion' });
    for (const by of [one, two]) {
      expect(userOf(await answer(by, 'get_user', { id: 1 }))).not.toMatchObject({ role: 'Impostor' });
      expect((await replicaCheck(by)).replica).toBe(NOT_A_REPLICA);
    }
  });
});

const departmentOf = async (by: HttpSteward, id: number) =>
  userOf(await answer(by, 'get_user', { id })).department;
const totalOf = async (by: HttpSteward, department: string) =>
  (await answer(by, 'find_users', { department, limit: 1 }))['total'] as number;
const NOT_A_REPLICA = 'does not follow this database';

const checks = async (by: HttpSteward) => {
  const { json } = await by.send({ method: 'GET', path: '/ready' });
  return (json as { checks: Record<string, string> }).checks;
};

/** What /ready says of a process and of its replica. */
const replicaCheck = async (by: HttpSteward) => {
  const { status } = await by.send({ method: 'GET', path: '/ready' });
  return { status, replica: (await checks(by))['replica_1'] };
};

/** The last statement of each session that a Steward's pool holds there. */
const statementsAt = async (server: PostgresServer) =>
  (
    await server.query<{ query: string }>(
      `SELECT query FROM pg_stat_activity WHERE application_name = 'steward'`,
    )
  ).map(({ query }) => query);

const isRead = (statement: string) => /^SELECT .*"public"\."/s.test(statement);
const isWrite = (statement: string) => /^(INSERT|UPDATE|COMMIT|BEGIN)/.test(statement);

/** Waits until the replica has all that the primary has written so far. */
async function replayed(primary: PostgresServer, replica: PostgresServer): Promise<void> {
  const [row] = await primary.query<{ lsn: string }>('SELECT pg_switch_wal()::text AS lsn');
  await eventually(async () => {
    const [at] = await replica.query<{ reached: boolean }>(
      `SELECT pg_last_wal_replay_lsn() >= '${row?.lsn}' AS reached`,
    );
    return at?.reached === true;
  });
}

/** Ends the sessions of all pools, so that what statementsAt finds was sent later. */
async function forget(...servers: PostgresServer[]): Promise<void> {
  for (const server of servers) {
    await server.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'steward'`,
    );
  }
}

/** Gives a server of a test's own a database like all others. */
async function fill(server: PostgresServer): Promise<void> {
  const env = { DATABASE_URL: server.url('steward') };
  for (const { code, stderr } of [await prisma(['migrate', 'deploy'], env), await steward(['seed'], env)]) {
    if (code !== 0) throw new Error(stderr);
  }
}

async function start(env: Record<string, string>): Promise<HttpSteward> {
  const started = await HttpSteward.start({ ...UNLIMITED, ...env });
  await eventually(async () => (await started.send({ method: 'GET', path: '/ready' })).status === 200);
  return started;
}
