import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { onServerOfItsOwn } from '../../support/conditions.js';
import { countWaiting } from '../../support/count-waiting.js';
import { eventually } from '../../support/eventually.js';
import { codeOf, type HttpSteward } from '../../support/http.js';
import { linesOf } from '../../support/log.js';
import { migrateAndSeed } from '../../support/migrate.mjs';
import { PostgresServer } from '../../support/postgres-server.mjs';
import { answer, headcounts, hire, startUnlimited, userOf } from '../../support/staff.js';

const times = (by: HttpSteward, message: string) => linesOf(by, message).length;

onServerOfItsOwn('reads from a replica (on PostgreSQL only, where it is installed)', () => {
  let server: PostgresServer;
  let replica: PostgresServer;
  let one: HttpSteward;
  let two: HttpSteward;

  /** A process that has nothing come about by a time limit. */
  const start = (role = {}, env = {}) =>
    startUnlimited({
      DATABASE_URL: server.url('steward', role),
      DATABASE_REPLICA_URL: replica.url('steward', role),
      CALL_DEADLINE_MS: '50000',
      DB_STATEMENT_TIMEOUT_MS: '40000',
      DB_LOCK_TIMEOUT_MS: '40000',
      DB_ACQUIRE_TIMEOUT_MS: '40000',
      ...env,
    });

  beforeAll(async () => {
    server = await PostgresServer.create();
    await migrateAndSeed(server.url('steward'));
    replica = await server.replica();
    [one, two] = await Promise.all([start(), start()]);
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
  const timesOfEach = (message: string) => [one, two].map((by) => times(by, message));
  /** How many more there are by each than there were. */
  const gained = (message: string, since: number[]) =>
    timesOfEach(message).map((count, at) => count - (since[at] ?? 0));
  const waiting = () => countWaiting({ query: (sql) => replica.query(sql, 'steward') });
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

  it('sends all reads of a call there, and none to the primary, which gets all writes', async () => {
    await forget(server, replica);
    await usedAgain(one);
    // Names of departments are loaded from the primary, once for all calls.
    await answer(one, 'find_users', { department: 'Sales' });
    await forget(server, replica);
    await answer(one, 'find_users', { department: 'Sales', role: 'Account Executive', limit: 3 });
    await answer(one, 'get_user_history', { user_id: 1 });
    expect((await statementsAt(server)).filter(isRead)).toEqual([]);
    expect((await statementsAt(replica)).filter(isRead)).not.toEqual([]);
    const id = await hire(one, 'Marketing');
    await answer(one, 'set_user_role', { user_id: id, role: 'Designer' });
    expect((await statementsAt(server)).filter(isWrite)).not.toEqual([]);
    expect((await statementsAt(replica)).filter(isWrite)).toEqual([]);
  });

  it('lets a caller read what they wrote, through whichever process', async () => {
    await expectOwnWritesRead(30);
  });

  it('lets a caller read what they wrote while the replica does not replay, and uses it when it does', async () => {
    const faults = () =>
      ['replica out of use', 'a replica could not answer'].map((message) => times(one, message));
    const before = faults();
    await replica.query('SELECT pg_wal_replay_pause()');
    try {
      await expectOwnWritesRead(4);
      await expectReplica(one, 'behind');
    } finally {
      await replica.query('SELECT pg_wal_replay_resume()');
    }
    await forget(server, replica);
    await Promise.all([usedAgain(one), usedAgain(two)]);
    await expectReplica(one, 'ok');
    // It did nothing wrong.
    expect(faults()).toEqual(before);
  });

  it('goes on with the primary when the replica stops, without an error, and back when it returns', async () => {
    const taken = timesOfEach('replica in use');
    const left = timesOfEach('replica out of use');
    const reading = new AbortController();
    const readers = [one, two].map(async (by) => {
      let answered = 0;
      for (; !reading.signal.aborted; answered += 1) await departmentOf(by, 1 + (answered % 100));
      return answered;
    });
    await setTimeout(300);
    await replica.stop('immediate');
    await eventually(() => gained('replica out of use', left).every((more) => more > 0));
    await expectReplica(two, 'does not answer');
    await expectOwnWritesRead(2);
    await replica.start();
    await eventually(() => gained('replica in use', taken).every((more) => more === 1));
    await setTimeout(300);
    reading.abort();
    for (const answered of await Promise.all(readers)) expect(answered).toBeGreaterThan(10);
    await forget(server, replica);
    await usedAgain(one);
    await expectOwnWritesRead(2);
  });

  it('goes on with the primary when the replica freezes, and back when it thaws', async () => {
    await usedAgain(one);
    const taken = times(one, 'replica in use');
    replica.freeze();
    try {
      for (const id of [1, 2, 3]) expect(await departmentOf(one, id)).toBeDefined();
    } finally {
      replica.thaw();
    }
    await eventually(() => times(one, 'replica in use') > taken);
  });

  it('goes on with the primary when the replica is busy or cancels a read, in no more sessions than it may have', async () => {
    const counted = { user: 'counted', password: 'counted' };
    await server.query(`CREATE ROLE counted LOGIN SUPERUSER PASSWORD 'counted'`);
    const busy = await start(counted, { DB_POOL_MAX: '2' });
    const sessions = async (at: PostgresServer) =>
      (await at.query(`SELECT FROM pg_stat_activity WHERE usename = '${counted.user}'`)).length;
    const refusals = () => linesOf(busy, 'a replica could not answer').map(({ cause }) => cause);
    await busy.logged('replica in use');
    const locker = await lockTable('departments', server, replica);
    try {
      // One statement, which has users when it waits for departments.
      const read = (id: number) => answer(busy, 'get_user', { id });
      const reads = [1, 2].map(read);
      await eventually(async () => (await waiting()) === 2);
      expect(await answer(busy, 'get_user_history', { user_id: 1 })).toBeDefined();
      // What was said of the replica stands before the line of this call.
      await eventually(() => linesOf(busy, 'call').length > 0);
      const { length: busyFor } = refusals();
      expect(busyFor).toBeGreaterThan(0);
      for (const cause of refusals()) expect(cause).toContain('timeout');

      // A replica cancels what stands in the way of a lock that the primary has given.
      await replica.query('ALTER SYSTEM SET max_standby_streaming_delay = 0');
      await replica.query('SELECT pg_reload_conf()');
      await locker.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
      await replayed(server, replica);
      await eventually(() => refusals().length === busyFor + 2);
      expect(refusals().at(-1)).toContain('conflict');

      reads.push(...[3, 4, 5, 6].map(read));
      await eventually(async () => (await sessions(server)) === 3 && (await sessions(replica)) === 2);
      await locker.end();
      await Promise.all(reads);
      expect([await sessions(server), await sessions(replica)]).toEqual([3, 2]);
      expect(times(busy, 'replica out of use')).toBe(0);
    } finally {
      await locker.end();
      await busy.stop();
    }
  });

  it('lets a caller read what they wrote, also where commits do not wait for the disk', async () => {
    await server.query('ALTER DATABASE steward SET synchronous_commit = off');
    try {
      await endSessions(server, 'steward%');
      await Promise.all([usedAgain(one), usedAgain(two)]);
      // What nobody waits for comes to the disk, and to the replica, this much later.
      await server.query(`ALTER SYSTEM SET wal_writer_delay = '10s'`);
      await server.query('SELECT pg_reload_conf()');
      await expectOwnWritesRead(4);
    } finally {
      await server.query('ALTER SYSTEM RESET wal_writer_delay');
      await server.query('SELECT pg_reload_conf()');
      await server.query('ALTER DATABASE steward RESET synchronous_commit');
      await endSessions(server, 'steward%');
    }
  });

  it("ends a caller's statement there, too, when the caller hangs up", async () => {
    const locker = await lockTable('user_audit_log', server, replica);
    try {
      await usedAgain(one);
      const hangUp = new AbortController();
      const call = one.call('get_user_history', { user_id: 1 }, { signal: hangUp.signal });
      await eventually(async () => (await waiting()) === 1);
      hangUp.abort();
      await expect(call).rejects.toThrow('aborted');
      await eventually(async () => (await waiting()) === 0);
      expect(await statementsAt(server)).not.toContainEqual(expect.stringContaining('user_audit_log'));
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
      await migrateAndSeed(other.url('steward'));
      const env = { DATABASE_URL: server.url('steward'), DATABASE_REPLICA_URL: addresses.join(',') };
      misled = await startUnlimited(env);
      await misled.logged('primary session open');
      for (const name of ['replica_1', 'replica_2', 'replica_3'])
        await eventually(async () => (await checks(misled as HttpSteward))[name] === NOT_A_REPLICA);
      const id = await hire(misled, 'Sales');
      expect(await departmentOf(misled, id)).toBe('Sales');
      await misled.stop();
      expect(times(misled, 'replica in use')).toBe(0);
      expect(misled.stderr()).not.toMatch(/secret|127\.0\.0\.1:/);
    } finally {
      await misled?.stop();
      await stranger.destroy();
      await other.destroy();
    }
  });

  it('reads from the primary while that does not say its position, and from the replica once it does', async () => {
    const address = new URL(server.url('steward'));
    [address.username, address.password] = ['modest', 'modest'];
    await server.query(
      `CREATE ROLE modest LOGIN PASSWORD 'modest'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO modest;
       REVOKE EXECUTE ON FUNCTION pg_control_system FROM PUBLIC`,
      'steward',
    );
    const env = { DATABASE_URL: address.href, DATABASE_REPLICA_URL: replica.url('steward') };
    const unsure = await startUnlimited(env);
    try {
      await unsure.logged('primary session not available');
      await expectReplica(unsure, 'unknown');
      expect(await departmentOf(unsure, 1)).toBeDefined();
      expect(times(unsure, 'replica in use')).toBe(0);
      await server.query('GRANT EXECUTE ON FUNCTION pg_control_system TO PUBLIC', 'steward');
      await unsure.logged('replica in use');
      expect(times(unsure, 'primary session open')).toBe(1);
      await expectReplica(unsure, 'ok');
    } finally {
      await unsure.stop();
    }
  });

  it('answers nothing from the replica while the primary is down', async () => {
    await usedAgain(one);
    await server.stop();
    try {
      expect(codeOf(await one.call('get_user', { id: 1 }))).toBe('DATABASE_UNAVAILABLE');
    } finally {
      await server.start();
    }
  });

  it('does not use a replica any more that was promoted', async () => {
    await usedAgain(one);
    await replica.query('SELECT pg_promote()');
    await replica.query(`UPDATE users SET role = 'Impostor' WHERE id = 1`, 'steward');
    await answer(one, 'create_department', { name: 'After the promotion' });
    for (const by of [one, two]) {
      expect(userOf(await answer(by, 'get_user', { id: 1 }))).not.toMatchObject({ role: 'Impostor' });
      await expectReplica(by, NOT_A_REPLICA);
    }
  });
});

const departmentOf = async (by: HttpSteward, id: number) =>
  userOf(await answer(by, 'get_user', { id })).department;
const totalOf = async (by: HttpSteward, department: string) =>
  (await answer(by, 'find_users', { department, limit: 1 }))['total'] as number;
const NOT_A_REPLICA = 'does not follow this database';

const checks = async (by: HttpSteward) => {
  const { status, json } = await by.send({ method: 'GET', path: '/ready' });
  expect(status).toBe(200);
  return (json as { checks: { directory: Record<string, string> } }).checks.directory;
};

/** What /ready comes to say, of a process that is ready all the time: an answer of a moment ago may be given once more. */
const expectReplica = (of: HttpSteward, replica: string) =>
  eventually(async () => (await checks(of))['replica_1'] === replica);

/** The last statement of each session that a Steward's pool holds there. */
const statementsAt = async (server: PostgresServer) =>
  (
    await server.query<{ query: string }>(
      `SELECT query FROM pg_stat_activity WHERE application_name = 'steward'`,
    )
  ).map(({ query }) => query);

const isRead = (statement: string) => /^\s*SELECT .*("public"\."|public\.users)/s.test(statement);
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

/** Locks a table, also on the replica, until the session ends. */
async function lockTable(
  table: string,
  primary: PostgresServer,
  replica: PostgresServer,
): Promise<pg.Client> {
  const locker = new pg.Client({ connectionString: primary.url('steward') });
  await locker.connect();
  await locker.query('BEGIN');
  await locker.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  await replayed(primary, replica);
  return locker;
}

/** Ends the sessions of all pools, so that what statementsAt finds was sent later. */
async function forget(...servers: PostgresServer[]): Promise<void> {
  for (const server of servers) await endSessions(server, 'steward');
}

const endSessions = (server: PostgresServer, ofApplications: string) =>
  server.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE '${ofApplications}'`,
  );
