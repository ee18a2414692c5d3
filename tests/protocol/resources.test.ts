import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSteward, withoutCursor, type AnswerData, type Steward } from '../support/steward.js';

const INVALID_PARAMS = -32602;
const RESOURCE_NOT_FOUND = -32002;

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
  await steward.call('create_department', { name: 'Büro & Logistik (Nord) + 50/50' });
  for (const role of ['First', 'Second', 'Third']) await steward.call('set_user_role', { user_id: 3, role });
});

afterAll(() => steward.stop());

const read = async (uri: string) => {
  const { contents } = await steward.client.readResource({ uri });
  return JSON.parse((contents[0] as { text: string }).text) as AnswerData;
};

const findUsers = async (args: Record<string, unknown>) => (await steward.call('find_users', args)).data;

const refusal = (code: number, words: RegExp) => ({ code, message: expect.stringMatching(words) });

describe('A resource', () => {
  it('takes variables of its query in any order and any number', async () => {
    const expected = await findUsers({
      department: 'Sales',
      role: 'Account Executive',
      active: false,
      limit: 2,
    });
    for (const query of [
      'department=Sales&role=Account%20Executive&active=false&limit=2',
      'limit=2&active=false&role=Account%20Executive&department=Sales',
      'role=account%20executive&limit=2&department=sales&active=false',
    ]) {
      expect(withoutCursor(await read(`directory://users?${query}`))).toEqual(withoutCursor(expected));
    }
    for (const [query, args] of [
      ['role=Recruiter', { role: 'Recruiter' }],
      ['', {}],
    ] as const)
      expect(withoutCursor(await read(`directory://users?${query}`))).toEqual(
        withoutCursor(await findUsers(args)),
      );
  });

  it('reads percent-encoding as RFC 6570 writes it', async () => {
    const name = 'Büro & Logistik (Nord) + 50/50';
    const { data } = await steward.call('create_user', {
      username: 'nora',
      email: 'nora@example.com',
      department: name,
    });
    const found = await read(`directory://users?department=${encodeURIComponent(name)}`);
    expect(found.users.rows.map(([id]) => id)).toEqual([data.user.id]);
    expect(withoutCursor(await read('directory://users?department=%53%61%6c%65%73'))).toEqual(
      withoutCursor(await findUsers({ department: 'Sales' })),
    );
  });

  it('takes a plus sign for a plus sign', async () => {
    await expect(read('directory://users?department=Human+Resources')).rejects.toMatchObject(
      refusal(RESOURCE_NOT_FOUND, /"Human\+Resources"/),
    );
  });

  it('can be read page by page', async () => {
    const first = await read('directory://users/3/history?limit=2');
    const second = await read(`directory://users/3/history?limit=2&cursor=${first.next_cursor}`);
    expect([...first.changes.rows, ...second.changes.rows].map((row) => row[3])).toEqual([
      'Third',
      'Second',
      'First',
    ]);
    expect(second.next_cursor).toBeNull();
    const page = await read('directory://users?limit=100');
    const rest = await read(`directory://users?cursor=${page.next_cursor}&limit=100`);
    expect(page.users.rows.length + rest.users.rows.length).toBe(page.total);
  });

  it.each([
    [
      'users?colour=red',
      /unknown query variable "colour"\. It takes department, role, active, limit, cursor/,
    ],
    ['users?search=ada', /unknown query variable/],
    ['users?Department=Sales', /unknown query variable/],
    ['users/recent?limit=5', /unknown query variable.*takes none/],
    ['users/1?active=true', /unknown query variable.*takes none/],
    ['users?limit=1&limit=1', /limit: is given twice/],
    ['users?role=a&department=b&role=c', /role: is given twice/],
    ['users?limit=1&%6cimit=2', /limit: is given twice/],
    ['users?limit=1e2', /limit: /],
    ['users?limit=', /limit: /],
    ['users?limit=1?limit=2', /limit: /],
    ['users?active=maybe', /active: /],
    ['users?department=', /department: /],
    ['users?cursor=garbage', /cursor: /],
    ['users?role=%E0%A4%A', /percent-encoded/],
    ['users?role=%00', /null characters/],
    ['users/zero', /id: /],
    ['users/-1', /id: /],
    ['users/1.5', /id: /],
    ['users/%31%20OR%201=1', /id: /],
    ['users/99999999999', /id: /],
    ['users/one/history', /user_id: /],
  ])('refuses what it does not take: directory://%s', async (path, words) => {
    await expect(read(`directory://${path}`)).rejects.toMatchObject(refusal(INVALID_PARAMS, words));
  });

  it('is refused where it is longer than any address, and not repeated', async () => {
    const reading = read(`directory://departments?${'&'.repeat(300_000)}`);
    await expect(reading).rejects.toMatchObject(refusal(INVALID_PARAMS, /^.{0,200}$/));
  });

  it.each([
    ...['nothing', '', 'users/', 'users/1/', 'users/1/history/2', 'users/../departments', 'Departments'].map(
      (path) => `directory://${path}`,
    ),
    'directory:users/1',
    'file:///etc/passwd',
    'https://example.com/users/1',
    '',
  ])('is not to be found at %p, and the error names those there are', async (uri) => {
    await expect(read(uri)).rejects.toMatchObject(refusal(RESOURCE_NOT_FOUND, /directory:\/\/users\/recent/));
  });

  it.each(['users/2000000000', 'users/2000000000/history', 'users?department=None'])(
    'is not to be found where its subject is not: directory://%s',
    async (path) => {
      await expect(read(`directory://${path}`)).rejects.toMatchObject({
        ...refusal(RESOURCE_NOT_FOUND, /NOT_FOUND: There is no/),
        data: { code: 'NOT_FOUND' },
      });
    },
  );
});
