import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { census } from '../../support/data-rules.mjs';
import { startSteward, type Steward } from '../../support/steward.js';

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

const create = (args: Record<string, unknown>) => steward.call('create_user', args);

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
    const before = await census(steward.database);
    const answer = await create({ username: 'unrecorded', email: 'unrecorded@example.com' });
    await steward.database.query('ALTER TABLE user_audit_log DROP CONSTRAINT broken');
    expect(answer.error).toBe('VALIDATION');
    expect(await census(steward.database)).toEqual(before);
  });

  it.each([
    ['username', 'ada_abbott', { email: 'somebody.else@example.com' }],
    ['username', 'ADA_Abbott', { email: 'somebody.else@example.com' }],
    ['email', 'ada.abbott@example.com', { username: 'somebody_else' }],
    ['email', 'ADA.Abbott@Example.COM', { username: 'somebody_else' }],
  ])('says that the %s %s is taken', async (argument, value, other) => {
    const before = await census(steward.database);
    const answer = await create({ ...other, [argument]: value });
    expect(answer.error).toBe('CONFLICT');
    expect(answer.text).toContain(`The ${argument} "${value}" is taken`);
    expect(await census(steward.database)).toEqual(before);
  });
});

describe('What cannot be shown once it is written', () => {
  const SPOILT = ['users', 'departments'];

  beforeAll(async () => {
    await steward.database.query(`
      CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created_at = 'infinity'; RETURN NEW; END $$`);
    for (const table of SPOILT)
      await steward.database.query(
        `CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION spoil()`,
      );
  });
  afterAll(async () => {
    for (const table of SPOILT) await steward.database.query(`DROP TRIGGER spoil ON ${table}`);
  });

  it.each([
    ['create_user', { username: 'spoilt', email: 'spoilt@example.com' }],
    ['create_department', { name: 'Spoilt' }],
  ])('is not written: where %s fails, nothing was changed', async (tool, args) => {
    const before = await census(steward.database);
    const role = await steward.database.query('SELECT role, department_id FROM users WHERE id = 5');
    expect((await steward.call(tool, args)).error).toBe('INTERNAL');
    expect(await census(steward.database)).toEqual(before);
    expect(await steward.database.query('SELECT role, department_id FROM users WHERE id = 5')).toEqual(role);
  });
});
