import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSteward, type Steward } from '../../support/steward.js';

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

const create = (args: Record<string, unknown>) => steward.call('create_user', args);

const counts = () =>
  steward.database.query(
    'SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM user_audit_log) AS entries',
  );

describe('create_user', () => {
  it('adds a user to a department and answers it as get_user does', async () => {
    const { data } = await create({
      username: 'Grace_H',
      email: 'Grace@example.com',
      department: 'engineering',
      role: 'Rear Admiral',
    });
    expect(data.user).toMatchObject({
      username: 'Grace_H',
      email: 'Grace@example.com',
      department: 'Engineering',
      role: 'Rear Admiral',
      active: true,
    });
    expect((await steward.call('get_user', { id: data.user.id })).data.user).toEqual(data.user);
    expect((await steward.call('list_recent_users', { limit: 1 })).data.users.rows[0]?.[0]).toBe(
      data.user.id,
    );
  });

  it('puts a user into General, as User, where nothing else is said', async () => {
    const { data } = await create({ username: 'plain_user', email: 'plain@example.com' });
    expect(data.user).toMatchObject({ department: 'General', role: 'User' });
  });

  it('records who created the user, and by which call', async () => {
    const { data } = await create({ username: 'recorded', email: 'recorded@example.com' });
    const rows = await steward.database.query<{ request_id: string }>(
      'SELECT field_changed, old_value, new_value, actor, tool, request_id FROM user_audit_log WHERE user_id = $1',
      [data.user.id],
    );
    expect(rows).toEqual([
      {
        field_changed: 'created',
        old_value: null,
        new_value: 'recorded',
        actor: 'tester',
        tool: 'create_user',
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ]);
    expect(await steward.logOfCall(rows[0]?.request_id ?? '')).toMatchObject({
      capability: 'create_user',
      outcome: 'OK',
    });
  });

  it('creates nobody where that could not be recorded', async () => {
    await steward.database.query(
      "ALTER TABLE user_audit_log ADD CONSTRAINT broken CHECK (field_changed <> 'created') NOT VALID",
    );
    const before = await counts();
    const answer = await create({ username: 'unrecorded', email: 'unrecorded@example.com' });
    await steward.database.query('ALTER TABLE user_audit_log DROP CONSTRAINT broken');
    expect(answer.error).toBe('INTERNAL');
    expect(await counts()).toEqual(before);
  });

  it.each(['ada_abbott', 'ADA_ABBOTT', 'Ada_Abbott'])(
    'says that the username %s is taken',
    async (username) => {
      const before = await counts();
      const answer = await create({ username, email: 'somebody.else@example.com' });
      expect(answer.error).toBe('CONFLICT');
      expect(answer.text).toContain(`The username "${username}" is taken`);
      expect(await counts()).toEqual(before);
    },
  );

  it.each(['ada.abbott@example.com', 'ADA.Abbott@Example.COM'])(
    'says that the email %s is taken',
    async (email) => {
      const before = await counts();
      const answer = await create({ username: 'somebody_else', email });
      expect(answer.error).toBe('CONFLICT');
      expect(answer.text).toContain(`The email "${email}" is taken`);
      expect(await counts()).toEqual(before);
    },
  );

  it('names the nearest departments where there is none of that name', async () => {
    const before = await counts();
    const answer = await create({
      username: 'misplaced',
      email: 'misplaced@example.com',
      department: 'Marketting',
    });
    expect(answer.error).toBe('NOT_FOUND');
    expect(answer.text).toMatch(/Nearest: "Marketing"/);
    expect(await counts()).toEqual(before);
  });

  it.each([
    [
      'username',
      ['ab', 'x'.repeat(51), 'two words', 'ünïcode', 'semi;colon', "quo'te", 'new\nline', '', 7, null],
    ],
    [
      'email',
      ['plain', '@example.com', 'a@b', 'a b@example.com', `${'a'.repeat(250)}@example.com`, '', 7, null],
    ],
    ['department', ['', 'x'.repeat(61), 'tab\there', '<script>', 7, null]],
    ['role', ['', 'x'.repeat(51), 'line\nbreak', 'zero\u200Bwidth', '`code`', 7, null]],
  ])('refuses a %s that is none, and names the argument', async (argument, values) => {
    for (const value of values) {
      const good = { username: 'faultless', email: 'faultless@example.com' };
      const answer = await create({ ...good, [argument]: value });
      expect({ value, error: answer.error }).toEqual({ value, error: 'VALIDATION' });
      expect(answer.text).toContain(`${argument}: `);
    }
    expect((await steward.call('get_user', { username: 'faultless' })).error).toBe('NOT_FOUND');
  });

  it.each([{ username: 'no_email' }, { email: 'no.username@example.com' }, {}])(
    'wants a username and an email, not only %j',
    async (args) => {
      const answer = await create(args);
      expect(answer.error).toBe('VALIDATION');
      expect(answer.text).toContain('is missing');
    },
  );
});
