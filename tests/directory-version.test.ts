import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { onServer, onServerOfItsOwn } from './support/conditions.js';
import { freshDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import type { HttpSteward } from './support/http.js';
import { linesOf } from './support/log.js';
import { migrateAndSeed } from './support/migrate.mjs';
import { PostgresServer } from './support/postgres-server.mjs';
import { answer, headcounts, hire, startUnlimited } from './support/staff.js';
import { records, startSteward, type Steward } from './support/steward.js';

const times = (by: HttpSteward, message: string) => linesOf(by, message).length;

const active = async (of: Steward, name: string) =>
  records(await of.call('list_departments'), 'departments').find((row) => row.name === name)?.active;

/** The newest users as a process tells them. */
async function newest(by: HttpSteward): Promise<Record<string, unknown>[]> {
  const { users } = await answer(by, 'list_recent_users', { limit: 5 });
  const { columns, rows } = users as { columns: string[]; rows: unknown[][] };
  return rows.map((row) => Object.fromEntries(row.map((cell, at) => [columns[at], cell])));
}

/** That of a role which is counted up; below all of them for any other. */
const numberOf = (role: unknown) => Number(/^Role (\d+)$/.exec(String(role))?.[1] ?? -1);

const found = (by: HttpSteward) => answer(by, 'find_users', { department: 'sales', limit: 1 });

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

onServer('the caches of several processes (on PostgreSQL only: the embedded database has none)', () => {
  let database: TestDatabase;
  let one: HttpSteward;
  let two: HttpSteward;

  beforeAll(async () => {
    database = await freshDatabase();
    [one, two] = await Promise.all([startUnlimited(database.env), startUnlimited(database.env)]);
    for (const process of [one, two]) await process.logged('primary session open');
  });
  afterAll(async () => {
    await Promise.all([one.stop(), two.stop()]);
    await database.drop();
  });

  /** Counts the reads of a table so far. */
  const reads = async (table: string) => {
    // A session's counters are handed over when it has been idle for a second.
    await setTimeout(1500);
    const [row] = await database.query<{ scans: number }>(
      `SELECT (seq_scan + idx_scan)::int AS scans FROM pg_stat_user_tables WHERE relname = '${table}'`,
    );
    return row?.scans;
  };

  it('is used: lists between two changes are read from the database once', async () => {
    await headcounts(one);
    const before = await reads('departments');
    for (let call = 0; call < 10; call += 1) await headcounts(one);
    expect(await reads('departments')).toBe(before);
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

  it('holds pages of users: the same ones between two changes are read from the database once', async () => {
    const first = [await newest(one), await found(one)];
    const before = await reads('users');
    for (let call = 0; call < 10; call += 1) expect([await newest(one), await found(one)]).toEqual(first);
    expect(await reads('users')).toBe(before);
  });

  it('shows every user added or changed through one process in the next page of the other', async () => {
    for (let round = 0; round < 30; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
      const before = await found(reader);
      const id = await hire(writer, 'Sales');
      expect((await newest(reader))[0]).toMatchObject({ id, active: true });
      expect((await found(reader))['total']).toBe((before['total'] as number) + 1);
      await answer(writer, 'set_user_active', { user_id: id, active: false });
      expect((await newest(reader))[0]).toMatchObject({ id, active: false });
      expect(await found(reader)).toEqual(before);
    }
  });

  it('shows what other programs write about users, also what moves no head count', async () => {
    const id = await hire(one, 'Sales');
    const [shown] = await newest(one);
    const role = String(shown?.['role']);
    const write = async (change: string, expected: object) => {
      await database.query(`UPDATE users SET ${change} WHERE id = ${id}`);
      expect((await newest(one))[0]).toMatchObject({ id, ...expected });
    };
    await write("email = 'renamed@example.com'", { email: 'renamed@example.com' });
    await write('role = upper(role::text)', { role: role.toUpperCase() });
    await database.query("UPDATE departments SET name = 'Sales and more' WHERE name = 'Sales'");
    expect((await newest(one))[0]).toMatchObject({ department: 'Sales and more' });
    await database.query("UPDATE departments SET name = 'Sales' WHERE name = 'Sales and more'");
    expect((await newest(one))[0]).toMatchObject({ department: 'Sales' });
  });

  it('takes two names for one only if PostgreSQL does', async () => {
    const [created, alike] = ['i\u0307zmir', '\u0130zmir'];
    expect(created.toLowerCase()).toBe(alike.toLowerCase());
    await database.query('INSERT INTO departments (name) VALUES ($1)', [created]);
    const [row] = await database.query<{ same: boolean }>('SELECT $1::citext = $2::citext AS same', [
      created,
      alike,
    ]);
    expect(await answer(one, 'find_users', { department: created })).toMatchObject({ total: 0 });
    const { json } = await one.call('find_users', { department: alike });
    expect(json?.result?.['isError'] ?? false).toBe(!row?.same);
  });

  const shows = async (name: string) => (await headcounts(two)).has(name);

  it('shows what other programs write about departments', async () => {
    expect(await shows('By hand')).toBe(false);
    await database.query("INSERT INTO departments (name) VALUES ('By hand')");
    expect(await shows('By hand')).toBe(true);
    await database.query("UPDATE departments SET name = 'By foot' WHERE name = 'By hand'");
    expect(await shows('By foot')).toBe(true);
    await database.query("DELETE FROM departments WHERE name = 'By foot'");
    expect(await shows('By foot')).toBe(false);
  });

  it('does not take what was read beside an open change for what holds after its commit', async () => {
    const id = await hire(one, 'Sales');
    for (const settle of ['COMMIT', 'ROLLBACK'] as const) {
      const [before] = await newest(one);
      await database.query(`BEGIN; UPDATE users SET active = NOT active WHERE id = ${id}`);
      expect((await newest(one))[0]).toEqual(before);
      expect((await newest(one))[0]).toEqual(before);
      await database.query(settle);
      const changed = { ...before, active: !before?.['active'] };
      expect((await newest(one))[0]).toMatchObject({
        id,
        active: (settle === 'COMMIT' ? changed : before)?.['active'],
      });
    }
  });

  it('never shows a list older than a user that a client has read meanwhile', async () => {
    const id = await hire(one, 'Sales');
    const stop = new AbortController();
    const writing = (async () => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        await answer(two, 'set_user_role', { user_id: id, role: `Role ${n}` });
        await setTimeout(n % 5);
      }
    })();
    for (let round = 0; round < 300; round += 1) {
      const { user } = (await answer(one, 'get_user', { id })) as { user: { role: string } };
      const listed = (await newest(one)).find((row) => row['id'] === id);
      expect(numberOf(listed?.['role'])).toBeGreaterThanOrEqual(numberOf(user.role));
    }
    stop.abort();
    await writing;
  });

  const versions = () =>
    database.query<Record<'directory' | 'departments', string>>(
      `SELECT d.last_value AS directory, n.last_value AS departments FROM directory_version d, departments_version n`,
    );
  const moved = async (work: () => Promise<unknown>) => {
    const [before] = await versions();
    await work();
    const [after] = await versions();
    return (['directory', 'departments'] as const).filter((name) => before?.[name] !== after?.[name]);
  };

  it('is read from the database again only after a change of what it is read from', async () => {
    const prefer = () => answer(one, 'update_user_preferences', { user_id: 1, preferences: { a: 1 } });
    expect(await moved(prefer)).toEqual([]);
    const id = await hire(one, 'Sales');
    const transfer = () => answer(one, 'transfer_user', { user_id: id, new_department: 'Finance' });
    expect(await moved(transfer)).toEqual(['directory']);
    expect(await moved(transfer)).toEqual([]);
    expect(await moved(() => database.query('UPDATE headcounts SET users = users'))).toEqual(['directory']);
    const create = () => answer(one, 'create_department', { name: 'Versions' });
    expect(await moved(create)).toEqual(['directory', 'departments']);
  });

  it('finds departments by the names they have by now', async () => {
    await answer(one, 'find_users', { department: 'Finance' });
    await database.query("UPDATE departments SET name = 'Treasury' WHERE name = 'Finance'");
    expect(await answer(one, 'find_users', { department: 'Treasury' })).toMatchObject({ page: 1 });
    const { json } = await one.call('find_users', { department: 'Finance' });
    expect(json?.result?.['isError']).toBe(true);
    await database.query("UPDATE departments SET name = 'Finance' WHERE name = 'Treasury'");
  });

  it('says what is missing where the role may not ask for the version, and answers from the database', async () => {
    const sequences = 'SEQUENCE directory_version, departments_version';
    await database.query(`REVOKE SELECT ON ${sequences} FROM steward_app`);
    const poor = await startUnlimited(database.env);
    try {
      for (let call = 0; call < 3; call += 1) await found(poor);
      await newest(poor);
      const refusals = linesOf(poor, 'primary session not available');
      expect(refusals.map(({ cause }) => String(cause)).toSorted()).toEqual([
        expect.stringMatching(/permission denied for sequence departments_version/),
        expect.stringMatching(/permission denied for sequence directory_version/),
      ]);
      await database.query(`GRANT SELECT ON ${sequences} TO steward_app`);
      const open = times(poor, 'primary session open');
      await found(poor);
      await poor.logged('primary session open');
      expect(times(poor, 'primary session open')).toBe(open + 1);
      await database.query(`REVOKE SELECT ON ${sequences} FROM steward_app`);
      await database.query(`UPDATE users SET role = 'Unasked' WHERE id = (SELECT max(id) FROM users)`);
      expect((await newest(poor))[0]).toMatchObject({ role: 'Unasked' });
    } finally {
      await poor.stop();
      await database.query(`GRANT SELECT ON ${sequences} TO steward_app`);
    }
  });
});

onServerOfItsOwn(
  'the session with the primary, when it fails (on PostgreSQL only, where it is installed)',
  () => {
    let server: PostgresServer;
    let running: HttpSteward;

    beforeAll(async () => {
      server = await PostgresServer.create();
      await migrateAndSeed(server.url('steward'));
      running = await startUnlimited({ DATABASE_URL: server.url('steward') });
      await running.logged('primary session open');
    });
    afterAll(async () => {
      await running?.stop();
      await server?.destroy();
    });

    const sessions = () =>
      server.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'steward primary'`,
      );
    const add = (name: string) =>
      server.query(`INSERT INTO departments (name) VALUES ('${name}')`, 'steward');
    const shows = async (name: string) => (await headcounts(running)).has(name);

    it('takes one session of the server, besides the pool', async () => {
      expect(await sessions()).toHaveLength(1);
    });

    it('is made again when it is cut, and what was changed meanwhile is seen', async () => {
      for (let round = 0; round < 3; round += 1) {
        await shows('Anything');
        const connected = times(running, 'primary session open');
        const [session] = await sessions();
        await server.query(`SELECT pg_terminate_backend(${session?.pid}, 5000)`);
        await add(`Cut ${round}`);
        // On odd rounds no call comes before it is connected again: its cache from before must be empty by then.
        if (round % 2 === 0) expect(await shows(`Cut ${round}`)).toBe(true);
        await eventually(() => times(running, 'primary session open') > connected);
        expect(await shows(`Cut ${round}`)).toBe(true);
      }
      await add('After all');
      expect(await shows('After all')).toBe(true);
    });

    it('comes back after the server was restarted', async () => {
      await shows('Anything');
      const connected = times(running, 'primary session open');
      await server.stop('immediate');
      await server.start();
      await add('While away');
      await eventually(() => shows('While away').catch(() => false));
      await eventually(() => times(running, 'primary session open') === connected + 1);
      await add('Back again');
      expect(await shows('Back again')).toBe(true);
    });

    it('leaves nothing behind on the server when what it asks for is locked', async () => {
      await shows('Anything');
      const holder = new pg.Client({ connectionString: server.url('steward') });
      await holder.connect();
      await holder.query('BEGIN; DROP SEQUENCE directory_version');
      for (let call = 0; call < 4; call += 1) {
        expect(await shows('Locked')).toBe(false);
        await setTimeout(500);
      }
      expect(await sessions()).toHaveLength(1);
      await holder.query('ROLLBACK');
      await holder.end();
      await add('Locked');
      expect(await shows('Locked')).toBe(true);
    });

    it('is given up when it is frozen, and no call is answered from the cache meanwhile', async () => {
      await shows('Anything');
      const [session] = await sessions();
      process.kill(session?.pid as number, 'SIGSTOP');
      try {
        for (const name of ['Frozen', 'Frozen again']) {
          await add(name);
          expect(await shows(name)).toBe(true);
        }
      } finally {
        process.kill(session?.pid as number, 'SIGCONT');
      }
    });
  },
);
