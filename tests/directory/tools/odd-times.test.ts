import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { everyPage, records, startSteward, type Steward } from '../../support/steward.js';

/** Times that PostgreSQL stores and JavaScript has no date for, by the user who has them, newest first. */
const ODD: [id: number, stored: string, shown: string][] = [
  [1, 'infinity', 'infinity'],
  [2, 'infinity', 'infinity'],
  [3, '12026-01-01 00:00:00+00', '12026-01-01T00:00:00.000Z'],
  [5, '0044-03-15 10:00:00+00 BC', '0044-03-15T10:00:00.000Z BC'],
  [4, '-infinity', '-infinity'],
];

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
  for (const [id, stored] of ODD)
    await steward.database.query(
      'UPDATE users SET created_at = $2, updated_at = $2, active = true, department_id = 1 WHERE id = $1',
      [id, stored],
    );
  await steward.database.query(
    `INSERT INTO user_audit_log (user_id, field_changed, actor, tool, request_id, changed_at)
     VALUES (1, 'role', 'another program', '', '', 'infinity')`,
  );
});

afterAll(() => steward.stop());

const user = async (id: number) => (await steward.call('get_user', { id })).data.user;

it.each(ODD)('shows user %i, made at %s, with the time %s', async (id, _, shown) => {
  expect(await user(id)).toMatchObject({ id, created_at: shown, updated_at: shown });
});

it('lists them among the others', async () => {
  const newest = records(await steward.call('list_recent_users', { limit: 4 }), 'users');
  expect(newest.slice(0, 3).map(({ id, created_at }) => [id, created_at])).toEqual([
    [2, 'infinity'],
    [1, 'infinity'],
    [3, '12026-01-01T00:00:00.000Z'],
  ]);
  expect(newest[3]?.created_at).toMatch(/^20\d\d-.*\.\d{3}Z$/);
});

it.each<[what: string, criteria: Record<string, unknown>]>([
  ['all', {}],
  ['those of a department', { department: 'General' }],
  ['those found by a search', { search: 'example' }],
])('pages over %s without loss, whichever user a page ends with', async (_, criteria) => {
  const [all] = await everyPage(steward, 'find_users', { ...criteria, limit: 100 });
  const expected = await steward.database.query<{ id: number }>(
    `SELECT id FROM users WHERE active AND (department_id = 1 OR $1) ORDER BY created_at DESC, id DESC`,
    [!('department' in criteria)],
  );
  const pages = await everyPage(steward, 'find_users', { ...criteria, limit: 2 });
  const found = pages.flatMap((page) => records(page, 'users').map(({ id }) => id));
  expect(all?.data.total).toBe(expected.length);
  expect(found).toEqual(expected.map(({ id }) => id));
});

it('changes such a user, and shows when the change was', async () => {
  const { data } = await steward.call('set_user_role', { user_id: 3, role: 'Historian' });
  expect(data.user).toMatchObject({ role: 'Historian', created_at: '12026-01-01T00:00:00.000Z' });
  expect(data.user.updated_at).toMatch(/^20\d\d-/);
});

it('shows a history with such a time', async () => {
  const [newest] = records(await steward.call('get_user_history', { user_id: 1 }), 'changes');
  expect(newest).toMatchObject({ actor: 'another program', changed_at: 'infinity' });
});
