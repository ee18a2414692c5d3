import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { records, startSteward, type Steward } from '../../support/steward.js';

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

const DIRECTORY = 'SELECT u.id FROM users u JOIN departments d ON d.id = u.department_id';

/** Ids as the database itself finds them, newest first. */
const idsWhere = async (condition: string) =>
  (
    await steward.database.query<{ id: number }>(
      `${DIRECTORY} WHERE ${condition} ORDER BY u.created_at DESC, u.id DESC`,
    )
  ).map((row) => row.id);

const found = async (args: Record<string, unknown>) =>
  records(await steward.call('find_users', { limit: 100, ...args }), 'users');

const usernames = async (args: Record<string, unknown>) => (await found(args)).map((user) => user.username);

const addUser = (username: string, email: string) =>
  steward.database.query('INSERT INTO users (username, email) VALUES ($1, $2)', [username, email]);

describe('list_recent_users', () => {
  it('answers the 20 newest users, newest first, deactivated ones among them', async () => {
    const users = records(await steward.call('list_recent_users'), 'users');
    expect(users.map((user) => user.id)).toEqual((await idsWhere('true')).slice(0, 20));
    expect(new Set(users.map((user) => user.active))).toEqual(new Set([true, false]));
  });

  it('answers as many as are asked for, up to 100', async () => {
    for (const limit of [1, 21, 100]) {
      const answer = await steward.call('list_recent_users', { limit });
      expect(records(answer, 'users').map((user) => user.id)).toEqual(
        (await idsWhere('true')).slice(0, limit),
      );
    }
  });
});

describe('find_users', () => {
  it.each([
    [{}, 'u.active'],
    [{ active: true }, 'u.active'],
    [{ active: false }, 'NOT u.active'],
    [{ department: 'Engineering' }, "d.name = 'Engineering' AND u.active"],
    [{ department: 'eNGINEERING' }, "d.name = 'Engineering' AND u.active"],
    [{ role: 'Analyst' }, "u.role = 'Analyst' AND u.active"],
    [{ role: 'support AGENT' }, "u.role = 'Support Agent' AND u.active"],
    [{ department: 'finance', role: 'analyst' }, "d.name = 'Finance' AND u.role = 'Analyst' AND u.active"],
    [{ department: 'Sales', active: false }, "d.name = 'Sales' AND NOT u.active"],
    [{ role: 'Coordinator', active: false }, "u.role = 'Coordinator' AND NOT u.active"],
    [
      { department: 'customer support', role: 'Support Agent', active: false, search: 'example.com' },
      "d.name = 'Customer Support' AND u.role = 'Support Agent' AND NOT u.active",
    ],
    [
      { department: 'Engineering', search: 'chen' },
      "d.name = 'Engineering' AND u.active AND u.username LIKE '%chen%'",
    ],
  ])(
    'finds by %j exactly the users that meet it, newest first, and counts them',
    async (criteria, condition) => {
      const expected = await idsWhere(condition);
      const answer = await steward.call('find_users', { limit: 100, ...criteria });
      expect(expected.length).toBeGreaterThan(0);
      expect(records(answer, 'users').map((user) => user.id)).toEqual(expected.slice(0, 100));
      expect(answer.data).toMatchObject({
        total: expected.length,
        total_is_exact: true,
        page: 1,
        page_size: 100,
        pages: Math.ceil(expected.length / 100),
      });
    },
  );

  it('answers 20 users a page where no limit is given', async () => {
    const answer = await steward.call('find_users');
    expect(answer.data.page_size).toBe(20);
    expect(records(answer, 'users')).toHaveLength(20);
  });

  it('answers an empty page for a role that no user has', async () => {
    const answer = await steward.call('find_users', { role: 'Astronaut' });
    expect(records(answer, 'users')).toEqual([]);
    expect(answer.data).toMatchObject({ total: 0, page: 1, pages: 0, next_cursor: null });
  });

  it('searches usernames and emails, in any case', async () => {
    await addUser('Kosciuszko_T', 'tadeusz@poland.example');
    expect(await usernames({ search: 'kOSCIUSZKO' })).toEqual(['Kosciuszko_T']);
    expect(await usernames({ search: 'TADEUSZ@POLAND' })).toEqual(['Kosciuszko_T']);
    expect(await usernames({ search: '  usz  ' })).toEqual(['Kosciuszko_T']);
  });

  it('wants every word of a search to occur, in any order, and only one of them to be long', async () => {
    await addUser('word_salad_one', 'first@words.example');
    await addUser('word_salad_two', 'second@words.example');
    expect(await usernames({ search: 'words.example salad first' })).toEqual(['word_salad_one']);
    expect(await usernames({ search: 'two  salad' })).toEqual(['word_salad_two']);
    expect(await usernames({ search: 'salad _t' })).toEqual(['word_salad_two']);
    expect(await usernames({ search: 'salad third' })).toEqual([]);
    // Only username and email together would make this one.
    expect(await usernames({ search: 'salad_onefirst' })).toEqual([]);
  });

  it.each([
    ['_', 'snake_case', 'snakeXcase'],
    ['%', 'fifty%off', 'fiftyXoff'],
    ['\\', 'back\\slash', 'backXslash'],
  ])('takes %s literally', async (_, literal, lookalike) => {
    await addUser(literal, `${literal}@literally.example`);
    await addUser(lookalike, `${lookalike}@literally.example`);
    expect(await usernames({ search: literal })).toEqual([literal]);
    expect(await usernames({ search: literal.slice(3, -2) })).toEqual([literal]);
  });
});

describe('get_user', () => {
  const ADA = {
    id: 1,
    username: 'ada_abbott',
    email: 'ada.abbott@example.com',
    department: 'General',
    role: 'User',
  };

  it.each([
    { id: 1 },
    { username: 'ada_abbott' },
    { username: 'ADA_Abbott' },
    { email: 'ada.abbott@example.com' },
    { email: 'Ada.Abbott@EXAMPLE.com' },
  ])('answers the whole user by %j', async (by) => {
    const { data } = await steward.call('get_user', by);
    const [row] = await steward.database.query<{ created_at: Date; updated_at: Date }>(
      'SELECT created_at, updated_at FROM users WHERE id = 1',
    );
    expect(data.user).toEqual({
      ...ADA,
      active: true,
      created_at: row?.created_at.toISOString(),
      updated_at: row?.updated_at.toISOString(),
    });
  });

  it.each([
    { id: 2_000_000_000 },
    { username: 'nobody_here' },
    { email: 'nobody@example.com' },
    { username: 'ada' },
  ])('says that there is no user with %j, and how to search', async (by) => {
    const answer = await steward.call('get_user', by);
    expect(answer.error).toBe('NOT_FOUND');
    expect(answer.text).toMatch(/find_users/);
  });

  it('finds a user by an email as long as emails may be', async () => {
    const email = `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
    const { data } = await steward.call('create_user', { username: 'long_address', email });
    expect((await steward.call('get_user', { email })).data.user).toEqual(data.user);
  });
});
