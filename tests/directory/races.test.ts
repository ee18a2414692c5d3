import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { onServer } from '../support/conditions.js';
import { countWaiting } from '../support/count-waiting.js';
import { brokenRules, census } from '../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { holdUser } from '../support/hold-user.js';
import { records, startSteward, type Answer, type Steward } from '../support/steward.js';

/** Races are about what happens, not how fast: on a busy machine nobody is to run out of time. */
const PATIENT = {
  CALL_DEADLINE_MS: '50000',
  DB_ACQUIRE_TIMEOUT_MS: '40000',
  DB_STATEMENT_TIMEOUT_MS: '40000',
  DB_LOCK_TIMEOUT_MS: '40000',
};

const errorsOf = (answers: Answer[]) => answers.flatMap(({ error }) => error ?? []);

// Skipped on the embedded database, which runs one transaction at a time.
onServer('Two servers on one database (of a PostgreSQL server: the embedded one has no races)', () => {
  let database: TestDatabase;
  let servers: [Steward, Steward];

  beforeAll(async () => {
    database = await freshDatabase();
    servers = await Promise.all([
      startSteward({ database, env: PATIENT }),
      startSteward({ database, env: PATIENT }),
    ]);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  const server = (n: number) => servers[n % 2 === 0 ? 0 : 1];

  /** Calls a tool `times` times at once, by turns on the one server and on the other. */
  const race = (times: number, tool: string, args: (n: number) => Record<string, unknown>) =>
    Promise.all(Array.from({ length: times }, (_, n) => server(n).call(tool, args(n))));

  const newUser = async (username: string) => {
    const email = `${username}@example.com`;
    return (await servers[0].call('create_user', { username, email })).data.user.id;
  };

  const someoneWaits = async () => (await countWaiting(database)) > 0;

  /** Head counts are exact, and what is on record leads to what each user is now. */
  const expectSoundData = async () => expect(await brokenRules(database)).toEqual({});

  it.each([
    [
      'username',
      (n: number) => (n % 3 === 0 ? 'CONTESTED' : 'contested'),
      (n: number) => `contested_${n}@a.example`,
    ],
    [
      'email',
      (n: number) => `mailbox_${n}`,
      (n: number) => (n % 3 === 0 ? 'Shared@A.example' : 'shared@a.example'),
    ],
  ])(
    'create a user of one %s once, however many ask, and tell all others that it is taken',
    async (field, username, email) => {
      const before = await census(database);
      const answers = await race(20, 'create_user', (n) => ({ username: username(n), email: email(n) }));
      const lost = answers.filter(({ error }) => error !== undefined);
      expect(errorsOf(answers)).toEqual(Array.from({ length: 19 }, () => 'CONFLICT'));
      for (const { text } of lost)
        expect(text).toMatch(new RegExp(`The ${field} "(contested|shared@a.example)" is taken`, 'i'));
      const { users = 0, changes = 0 } = before;
      expect(await census(database)).toMatchObject({ users: users + 1, changes: changes + 1 });
      await expectSoundData();
    },
  );

  it('create a department of one name once', async () => {
    const answers = await race(12, 'create_department', (n) => ({ name: n % 2 === 0 ? 'Twin' : 'TWIN' }));
    expect(errorsOf(answers)).toEqual(Array.from({ length: 11 }, () => 'CONFLICT'));
  });

  it('transfer one user 30 times at once in an unbroken chain, the last link of which is where the user is', async () => {
    const DEPARTMENTS = ['Sales', 'Finance', 'Engineering', 'Marketing', 'Operations'];
    const id = await newUser('commuter');
    const answers = await race(30, 'transfer_user', (n) => ({
      user_id: id,
      new_department: DEPARTMENTS[n % DEPARTMENTS.length],
    }));
    expect(errorsOf(answers)).toEqual([]);
    const { data } = await servers[1].call('get_user_history', { user_id: id, limit: 100 });
    expect(data.changes.rows).toHaveLength(1 + answers.filter((answer) => answer.data.changed).length);
    expect(data.changes.rows.length).toBeGreaterThan(2);
    await expectSoundData();
  });

  it('move many users in opposite directions without a deadlock, and count heads exactly', async () => {
    const inSales = await servers[0].call('find_users', { department: 'Sales', limit: 20 });
    const inFinance = await servers[0].call('find_users', { department: 'Finance', limit: 16 });
    const moves = [
      ...records(inSales, 'users').map(({ id }) => ({ user_id: id, new_department: 'Finance' })),
      ...records(inFinance, 'users').map(({ id }) => ({ user_id: id, new_department: 'Sales' })),
    ];
    for (const round of [moves, moves.toReversed()]) {
      const answers = await Promise.all(
        round.flatMap((move, n) => [
          server(n).call('transfer_user', move),
          server(n + 1).call('set_user_role', {
            user_id: move.user_id,
            role: n % 2 === 0 ? 'Analyst' : 'Accountant',
          }),
        ]),
      );
      expect(errorsOf(answers)).toEqual([]);
      await expectSoundData();
    }
    const departed = await database.query<{ name: string }>(
      'SELECT DISTINCT d.name::text FROM users u JOIN departments d ON d.id = u.department_id WHERE u.id = ANY($1)',
      [records(inSales, 'users').map(({ id }) => id)],
    );
    expect(departed).toEqual([{ name: 'Finance' }]);
  });

  it('keep every preference that was set at the same time under different names', async () => {
    const id = await newUser('chooser');
    const answers = await race(20, 'update_user_preferences', (n) => ({
      user_id: id,
      preferences: { [`key_${n}`]: n, shared: { [`inner_${n}`]: n } },
    }));
    expect(errorsOf(answers)).toEqual([]);
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    expect((await servers[1].call('get_user_preferences', { user_id: id })).data.preferences).toEqual({
      ...Object.fromEntries(numbers.map((n) => [`key_${n}`, n])),
      shared: Object.fromEntries(numbers.map((n) => [`inner_${n}`, n])),
    });
    const { data } = await servers[0].call('get_user_history', { user_id: id, limit: 100 });
    expect(data.changes.rows).toHaveLength(21);
  });

  it('record the department that a user came into while a transfer waited for them, though it is younger than the wait', async () => {
    const id = await newUser('reorganised');
    const holder = await holdUser(database, id);
    const transfer = servers[0].call('transfer_user', { user_id: id, new_department: 'Finance' });
    await eventually(someoneWaits);
    await holder.query("INSERT INTO departments (name) VALUES ('Just founded')");
    await holder.query(
      "UPDATE users SET department_id = (SELECT id FROM departments WHERE name = 'Just founded') WHERE id = $1",
      [id],
    );
    await holder.query('COMMIT');
    await holder.end();
    expect((await transfer).data.change).toEqual({
      field: 'department',
      old_value: 'Just founded',
      new_value: 'Finance',
    });
  });

  it('never show a state in which a user was moved and the move is not on record', async () => {
    const id = await newUser('observed');
    const moving = race(10, 'transfer_user', (n) => ({
      user_id: id,
      new_department: n % 4 < 2 ? 'Sales' : 'Finance',
    }));
    for (let looks = 0; looks < 30; looks += 1) {
      const [seen] = await database.query<{ department: string; recorded: string }>(
        `SELECT d.name::text AS department,
                (SELECT new_value FROM user_audit_log WHERE user_id = u.id AND field_changed = 'department'
                 ORDER BY id DESC LIMIT 1) AS recorded
         FROM users u JOIN departments d ON d.id = u.department_id WHERE u.id = $1`,
        [id],
      );
      expect(seen?.department).toBe(seen?.recorded ?? 'General');
    }
    expect(errorsOf(await moving)).toEqual([]);
  });

  it('load the departments once for 50 who ask at once', async () => {
    const fresh = await startSteward({ database, env: { DB_POOL_MAX: '10' } });
    await fresh.call('list_departments');
    await database.query('BEGIN');
    await database.query('LOCK TABLE departments IN ACCESS EXCLUSIVE MODE');
    const asking = Array.from({ length: 50 }, () => fresh.call('find_users', { department: 'Sales' }));
    const waiting = () =>
      database.query("SELECT 1 FROM pg_locks WHERE relation = 'departments'::regclass AND NOT granted");
    await eventually(async () => (await waiting()).length > 0);
    await setTimeout(300);
    const loads = await waiting();
    await database.query('COMMIT');
    const answers = await Promise.all(asking);
    await fresh.stop();
    expect(loads).toHaveLength(1);
    // Each cursor is sealed anew.
    const texts = answers.map(({ text }) => text.replace(/^next_cursor: .*$/m, ''));
    expect(new Set(texts).size).toBe(1);
    expect(errorsOf(answers)).toEqual([]);
  });

  it('answer departments to those who asked before a write that comes while they are loaded', async () => {
    const [asked] = servers;
    for (let round = 0; round < 5; round++) {
      const asking = Array.from({ length: 10 }, async (_, n) => {
        await setTimeout(n);
        return [
          await asked.call('list_departments'),
          await asked.call('create_department', { name: `Round ${round} ${n}` }),
          await asked.call('list_departments'),
        ];
      });
      expect(errorsOf((await Promise.all(asking)).flat())).toEqual([]);
    }
  });

  it.each([
    ['create_user', { username: 'too_late', email: 'too_late@example.com', department: 'Doomed' }],
    ['transfer_user', { user_id: 9, new_department: 'Doomed' }],
  ])('say in %s that the department was deleted meanwhile', async (tool, args) => {
    await database.query("INSERT INTO departments (name) VALUES ('Doomed')");
    const deleter = new pg.Client({ connectionString: database.administration['DATABASE_URL'] });
    await deleter.connect();
    try {
      await deleter.query("BEGIN; DELETE FROM departments WHERE name = 'Doomed'");
      const answer = servers[0].call(tool, args);
      await eventually(someoneWaits);
      await deleter.query('COMMIT');
      expect((await answer).error).toBe('CONFLICT');
      expect((await answer).text).toContain('The department "Doomed" was deleted meanwhile');
    } finally {
      await deleter.end();
    }
  });
});
