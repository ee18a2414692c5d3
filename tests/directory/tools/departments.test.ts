import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { onServer } from '../../support/conditions.js';
import { eventually } from '../../support/eventually.js';
import { records, startSteward, type Steward } from '../../support/steward.js';

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

const listed = async () => records(await steward.call('list_departments'), 'departments');

const department = async (name: string) => (await listed()).find((row) => row.name === name);

const counted = () =>
  steward.database.query(
    `SELECT d.id, d.name::text, count(u.id) FILTER (WHERE u.active)::int AS active,
            count(u.id) FILTER (WHERE NOT u.active)::int AS inactive
     FROM departments d LEFT JOIN users u ON u.department_id = d.id
     GROUP BY d.id ORDER BY d.name`,
  );

let newcomers = 0;

async function newcomer(name: string): Promise<number> {
  newcomers += 1;
  const username = `newcomer_${newcomers}`;
  const email = `${username}@example.com`;
  return (await steward.call('create_user', { username, email, department: name })).data.user.id;
}

describe('list_departments', () => {
  it('answers all departments by name, with the head counts that the users themselves give', async () => {
    const answer = await steward.call('list_departments');
    expect(records(answer, 'departments')).toEqual(await counted());
    expect(answer.data.total).toBe(8);
    expect(records(answer, 'departments').map((row) => row.name)).toContain('Human Resources');
  });

  it.each<[what: string, change: (id: number) => Promise<unknown>]>([
    ['a new user', () => newcomer('Finance')],
    ['a transfer', (user_id) => steward.call('transfer_user', { user_id, new_department: 'Marketing' })],
    ['a deactivation', (user_id) => steward.call('set_user_active', { user_id, active: false })],
  ])('counts %s at once', async (_what, change) => {
    const id = await newcomer('Sales');
    const before = await listed();
    await change(id);
    expect(await listed()).toEqual(await counted());
    expect(await listed()).not.toEqual(before);
  });

  it('keeps its counts through changes of role, also of case only, and a leave', async () => {
    const id = await newcomer('Engineering');
    const before = await listed();
    for (const role of ['Tester', 'TESTER', 'Developer'])
      await steward.call('set_user_role', { user_id: id, role });
    for (const active of [false, true]) await steward.call('set_user_active', { user_id: id, active });
    expect(await listed()).toEqual(before);
    expect(before).toEqual(await counted());
  });

  it('shows a new department at once, with nobody in it', async () => {
    await listed();
    const { data } = await steward.call('create_department', { name: 'Archive' });
    expect(await department('Archive')).toEqual({
      id: data.department.id,
      name: 'Archive',
      active: 0,
      inactive: 0,
    });
  });
});

describe('create_department', () => {
  it('adds a department, of letters of any script, that users can then be in', async () => {
    const name = 'Büro für Qualität & 品質';
    const { data } = await steward.call('create_department', { name });
    const created_at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(data.department).toEqual({ id: expect.any(Number), name, created_at });
    await newcomer('büro für qualität & 品質');
    expect(await department(name)).toMatchObject({ active: 1 });
  });

  it.each(['Engineering', 'engineering', 'ENGINEERING', '  Engineering '])(
    'says that %p exists already, regardless of case',
    async (name) => {
      const before = await counted();
      const answer = await steward.call('create_department', { name });
      expect(answer.error).toBe('CONFLICT');
      expect(answer.text).toContain('exists already');
      expect(await counted()).toEqual(before);
    },
  );
});

const idOf = async (name: string) => {
  const sql = 'SELECT id FROM departments WHERE name = $1';
  return (await steward.database.query<{ id: number }>(sql, [name]))[0]?.id;
};
const departmentOf = async (user: number) => {
  const sql = 'SELECT department_id AS id FROM users WHERE id = $1';
  return (await steward.database.query<{ id: number }>(sql, [user]))[0]?.id;
};

describe('departments that another program changes', () => {
  it('are there at once, for reads and for writes', async () => {
    await steward.call('find_users', { department: 'Sales' });
    await steward.database.query("INSERT INTO departments (name) VALUES ('Just Made'), ('Made Too')");
    expect((await steward.call('find_users', { department: 'Just Made' })).data.total).toBe(0);
    const id = await newcomer('Just Made');
    expect(await departmentOf(id)).toBe(await idOf('Just Made'));
    await steward.call('transfer_user', { user_id: id, new_department: 'made too' });
    expect(await departmentOf(id)).toBe(await idOf('Made Too'));
    expect((await department('Made Too'))?.active).toBe(1);
  });

  it.each([
    ['renamed', "UPDATE departments SET name = 'Former ' || name WHERE name = 'Reused'"],
    ['deleted', "DELETE FROM departments WHERE name = 'Reused'"],
  ])('and %s, so that the name is another one now, are written to by no cached id', async (_, change) => {
    await steward.call('create_department', { name: 'Reused' });
    const id = await newcomer('Sales');
    expect((await steward.call('find_users', { department: 'Reused' })).data.total).toBe(0);
    const cached = await idOf('Reused');
    await steward.database.query(change);
    await steward.database.query("INSERT INTO departments (name) VALUES ('Reused')");
    const current = await idOf('Reused');
    expect(current).not.toBe(cached);
    await steward.call('transfer_user', { user_id: id, new_department: 'Reused' });
    expect(await departmentOf(id)).toBe(current);
    expect(await departmentOf(await newcomer('Reused'))).toBe(current);
    await steward.database.query('UPDATE users SET department_id = 1 WHERE department_id = $1', [current]);
    await steward.database.query("DELETE FROM departments WHERE name = 'Reused'");
  });

  it.each([
    ['lags a rename by the time to live', '300000', 'Cached'],
    ['does not lag where there is no time to live', '0', 'Renamed'],
  ])('a list of names %s', async (_, ttl, expected) => {
    const { database } = steward;
    const other = await startSteward({ database, env: { CACHE_TTL_MS: ttl } });
    const names = async () => {
      const { completion } = await other.client.complete({
        ref: { type: 'ref/prompt', name: 'department_report' },
        argument: { name: 'department', value: '' },
      });
      return completion.values;
    };
    await database.query("INSERT INTO departments (name) VALUES ('Cached')");
    try {
      expect(await names()).toContain('Cached');
      await database.query("UPDATE departments SET name = 'Renamed' WHERE name = 'Cached'");
      expect((await names()).filter((name) => ['Cached', 'Renamed'].includes(name))).toEqual([expected]);
    } finally {
      await other.stop();
      await database.query("DELETE FROM departments WHERE name IN ('Cached', 'Renamed')");
    }
  });
});

onServer('20,000 departments (on PostgreSQL only, which counts the rows that it reads)', () => {
  it('are read once for all hints, which name the nearest, and are counted right', async () => {
    const many = await startSteward();
    const rowsRead = async () => {
      const sql =
        "SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS n FROM pg_stat_user_tables WHERE relname = 'departments'";
      return (await many.database.query<{ n: number }>(sql))[0]?.n ?? 0;
    };
    await many.database.query(
      "INSERT INTO departments (name) SELECT 'Unit ' || n FROM generate_series(1, 20000) n; ANALYZE departments",
    );
    for (let call = 0; call < 20; call += 1) {
      const { text } = await many.call('transfer_user', { user_id: 5, new_department: `Umit ${call + 100}` });
      expect(text).toMatch(
        new RegExp(
          `^NOT_FOUND: There is no department named "Umit ${call + 100}"\\. Nearest: "Unit ${call + 100}"`,
        ),
      );
    }
    expect((await many.call('list_departments')).data.total).toBe(20_008);
    // Sessions tell the statistics what they read when they end.
    await many.client.close();
    await eventually(async () => (await rowsRead()) > 20_000);
    expect(await rowsRead()).toBeLessThan(6 * 20_000);
    await many.stop();
  });
});
