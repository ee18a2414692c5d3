import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSteward, type Steward } from '../support/steward.js';

const INVALID_PARAMS = -32602;

const ONBOARD = { type: 'ref/prompt', name: 'onboard_user' } as const;
const REPORT = { type: 'ref/prompt', name: 'department_report' } as const;
const USERS = {
  type: 'ref/resource',
  uri: 'directory://users{?department,role,active,limit,cursor}',
} as const;

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

type Ref = Parameters<Steward['client']['complete']>[0]['ref'];

const complete = async (ref: Ref, name: string, value: string) =>
  (await steward.client.complete({ ref, argument: { name, value } })).completion;

const valuesOf = async (sql: string) =>
  (await steward.database.query<{ value: string }>(sql)).map((row) => row.value);

describe('Completion', () => {
  it.each([
    ['of a prompt', ONBOARD],
    ['of another prompt', REPORT],
    ['of a resource template', USERS],
  ])('offers all departments for the department %s', async (_, ref) => {
    const values = await valuesOf('SELECT name::text AS value FROM departments ORDER BY name');
    expect(await complete(ref, 'department', '')).toEqual({ values, total: 8, hasMore: false });
  });

  it.each([
    ['of a prompt', ONBOARD],
    ['of a resource template', USERS],
  ])('offers the roles that users have for the role %s', async (_, ref) => {
    const values = await valuesOf('SELECT DISTINCT role::text AS value FROM users ORDER BY value');
    const completion = await complete(ref, 'role', '');
    expect(completion.values.toSorted()).toEqual(values.toSorted());
    expect(completion).toMatchObject({ total: values.length, hasMore: false });
  });

  it.each([
    ['department', 'e', ['Engineering']],
    ['department', 'CUSTOMER s', ['Customer Support']],
    ['department', 'Sales', ['Sales']],
    ['department', 'x', []],
    ['department', 'ngineering', []],
    ['department', '%', []],
    ['role', 'SALES', ['Sales Engineer', 'Sales Manager']],
    ['role', 'hr ', ['HR Manager']],
    ['role', 'De', ['Designer', 'Developer']],
  ])('offers values that begin as the %s %p does, in any case', async (argument, typed, values) => {
    const expected = { values, total: values.length, hasMore: false };
    expect(await complete(ONBOARD, argument, typed)).toEqual(expected);
    expect(await complete(USERS, argument, typed)).toEqual(expected);
  });

  it.each(['username', 'email', 'limit', 'cursor', 'constructor', ''])(
    'offers nothing for %p',
    async (argument) => {
      expect(await complete(ONBOARD, argument, 'a')).toEqual({ values: [], total: 0, hasMore: false });
    },
  );

  it('offers a department and a role as soon as they are there', async () => {
    await steward.call('create_department', { name: 'Yachting' });
    await steward.call('set_user_role', { user_id: 5, role: 'Yacht Broker' });
    expect((await complete(REPORT, 'department', 'yach')).values).toEqual(['Yachting']);
    expect((await complete(ONBOARD, 'role', 'yach')).values).toEqual(['Yacht Broker']);
  });

  it('no longer offers a role that no user has', async () => {
    await steward.call('set_user_role', { user_id: 6, role: 'Zookeeper' });
    await steward.call('set_user_role', { user_id: 6, role: 'User' });
    expect((await complete(ONBOARD, 'role', 'zoo')).values).toEqual([]);
  });

  it('offers at most 100 values, and says how many there are', async () => {
    await steward.database.query(
      `INSERT INTO users (username, email, role)
       SELECT 'q_' || n, 'q_' || n || '@example.com', 'Quartermaster ' || n FROM generate_series(1, 130) n`,
    );
    const completion = await complete(ONBOARD, 'role', 'quarter');
    expect(completion.values).toHaveLength(100);
    expect(completion).toMatchObject({ total: 130, hasMore: true });
  });

  it.each<Ref>([
    { type: 'ref/prompt', name: 'offboard_user' },
    { type: 'ref/resource', uri: 'directory://nothing/{id}' },
    { type: 'ref/resource', uri: '' },
  ])('is refused for what there is not: %j', async (ref) => {
    await expect(complete(ref, 'department', '')).rejects.toMatchObject({ code: INVALID_PARAMS });
  });
});
