import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { everyPage, records, startSteward, type Answer, type Steward } from '../../support/steward.js';

const CROWD = 250;

let steward: Steward;
/** Ids of the crowd, newest first: a hundred users of each millisecond. */
let crowd: number[];

beforeAll(async () => {
  steward = await startSteward();
  await steward.database.query(
    `INSERT INTO users (username, email, role, created_at)
     SELECT 'crowd_' || n, 'crowd_' || n || '@example.com', 'Crowd',
            timestamptz '2025-03-01 12:00:00.123Z' + (n / 100) * interval '1 millisecond'
     FROM generate_series(1, ${CROWD}) n`,
  );
  crowd = await idsOfCrowd();
});

afterAll(() => steward.stop());

const idsOfCrowd = async () =>
  (
    await steward.database.query<{ id: number }>(
      "SELECT id FROM users WHERE role = 'Crowd' AND active ORDER BY created_at DESC, id DESC",
    )
  ).map((row) => row.id);

const idsOf = (pages: Answer[]) => pages.flatMap((page) => records(page, 'users').map((user) => user.id));

describe('Pages of users', () => {
  it.each([7, 50, 100])(
    'of %i show each user exactly once, in order, by cursor and by number alike',
    async (limit) => {
      const byCursor = await everyPage(steward, 'find_users', { role: 'Crowd', limit });
      expect(idsOf(byCursor)).toEqual(crowd);
      expect(byCursor).toHaveLength(Math.ceil(CROWD / limit));
      for (const [at, { data }] of byCursor.entries()) {
        const byNumber = (await steward.call('find_users', { role: 'Crowd', limit, page: at + 1 })).data;
        // A cursor is encrypted anew each time.
        expect({ ...byNumber, next_cursor: data.next_cursor }).toEqual(data);
        expect(byNumber.next_cursor === null).toBe(data.next_cursor === null);
      }
    },
  );

  it('say how many users and pages there are, and which page this is', async () => {
    const pages = await everyPage(steward, 'find_users', { role: 'Crowd', limit: 60 });
    expect(pages.map(({ data }) => [data.total, data.page, data.page_size, data.pages])).toEqual(
      [1, 2, 3, 4, 5].map((page) => [CROWD, page, 60, 5]),
    );
    expect(pages.map((page) => records(page, 'users').length)).toEqual([60, 60, 60, 60, 10]);
  });

  it('are empty beyond the last one', async () => {
    const { data } = await steward.call('find_users', { role: 'Crowd', limit: 100, page: 4 });
    expect(data.users.rows).toEqual([]);
    expect(data).toMatchObject({ total: CROWD, page: 4, pages: 3, next_cursor: null });
  });

  it('hold for a search as for any other condition', async () => {
    const pages = await everyPage(steward, 'find_users', { search: 'crowd_2', limit: 9 });
    const expected = await steward.database.query<{ id: number }>(
      String.raw`SELECT id FROM users WHERE username LIKE 'crowd\_2%' ORDER BY created_at DESC, id DESC`,
    );
    expect(idsOf(pages)).toEqual(expected.map((row) => row.id));
    expect(pages[0]?.data).toMatchObject({ total: expected.length, total_is_exact: true });
  });

  it('by cursor neither repeat nor miss a user while users are created in between', async () => {
    const pages = await everyPage(steward, 'find_users', { role: 'crowd', limit: 30 }, (page) =>
      steward.call('create_user', {
        username: `late_${page}`,
        email: `late_${page}@example.com`,
        role: 'Crowd',
      }),
    );
    expect(idsOf(pages)).toEqual(crowd);
    expect(pages.at(-1)?.data.total).toBe(CROWD + pages.length - 1);
    expect(await idsOfCrowd()).toHaveLength(CROWD + pages.length - 1);
  });
});

/** The error of a search by a spoilt cursor, which has to name the cursor. */
const errorOf = async (args: Record<string, unknown>) => {
  const { error, text } = await steward.call('find_users', args);
  return text.includes('cursor') ? error : text;
};

describe('A cursor', () => {
  const CRITERIA = { role: 'Crowd', limit: 10 };

  const firstCursor = async () => (await steward.call('find_users', CRITERIA)).data.next_cursor ?? '';

  it('is refused when any of its characters was altered, and when it was cut or something was added', async () => {
    const cursor = await firstCursor();
    const places = cursor.split('').map((character, at) => ({ at, other: character === 'A' ? 'B' : 'A' }));
    const altered = places.map(({ at, other }) => cursor.slice(0, at) + other + cursor.slice(at + 1));
    const cuts = places.slice(1).map(({ at }) => cursor.slice(0, at));
    const additions = [`${cursor}A`, `${cursor}=`, ` ${cursor}`, `${cursor}\n`, cursor + cursor];
    for (const spoilt of [...altered, ...cuts, cursor.slice(1), ...additions])
      expect(await errorOf({ ...CRITERIA, cursor: spoilt })).toBe('VALIDATION');
  });

  it.each([
    { role: 'Developer' },
    {},
    { role: 'Crowd', department: 'General' },
    { role: 'Crowd', active: false },
    { role: 'Crowd', search: 'crowd' },
  ])('is refused with other criteria, such as %j', async (criteria) => {
    expect(await errorOf({ ...criteria, limit: 10, cursor: await firstCursor() })).toBe('VALIDATION');
  });

  it('is good for the same criteria in another case', async () => {
    const args = { ...CRITERIA, role: 'CROWD', cursor: await firstCursor() };
    expect((await steward.call('find_users', args)).error).toBeUndefined();
  });

  it('is refused when it comes from the history of a user', async () => {
    for (const role of ['One', 'Two']) await steward.call('set_user_role', { user_id: 1, role });
    const { data } = await steward.call('get_user_history', { user_id: 1, limit: 1 });
    expect(await errorOf({ cursor: data.next_cursor })).toBe('VALIDATION');
  });
});
