import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSteward, type Steward } from '../../support/steward.js';

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

let people = 0;

/** The id of somebody new: Developer in Engineering. */
async function somebody(): Promise<number> {
  people += 1;
  const username = `person_${people}`;
  const email = `${username}@example.com`;
  const { data } = await steward.call('create_user', {
    username,
    email,
    department: 'Engineering',
    role: 'Developer',
  });
  return data.user.id;
}

interface Entry {
  field_changed: string;
  old_value: string | null;
  new_value: string | null;
  actor: string;
  tool: string;
  request_id: string;
}

/** What is on record of a user, but for its creation. */
const recorded = (id: number) =>
  steward.database.query<Entry>(
    `SELECT field_changed, old_value, new_value, actor, tool, request_id FROM user_audit_log
     WHERE user_id = $1 AND field_changed <> 'created' ORDER BY id`,
    [id],
  );

const stored = async (id: number) =>
  (
    await steward.database.query<{ department: string; role: string; active: boolean; updated_at: Date }>(
      `SELECT d.name::text AS department, u.role::text, u.active, u.updated_at
       FROM users u JOIN departments d ON d.id = u.department_id WHERE u.id = $1`,
      [id],
    )
  )[0];

/** Each change with what it does to a Developer in Engineering. */
const CHANGES = [
  {
    tool: 'transfer_user',
    args: { new_department: 'sales' },
    change: { field: 'department', old_value: 'Engineering', new_value: 'Sales' },
    after: { department: 'Sales' },
    asItIs: { new_department: 'ENGINEERING' },
  },
  {
    tool: 'set_user_active',
    args: { active: false },
    change: { field: 'active', old_value: 'true', new_value: 'false' },
    after: { active: false },
    asItIs: { active: true },
  },
  {
    tool: 'set_user_role',
    args: { role: 'Team Lead' },
    change: { field: 'role', old_value: 'Developer', new_value: 'Team Lead' },
    after: { role: 'Team Lead' },
    asItIs: { role: 'Developer' },
  },
];

describe.each(CHANGES)('$tool', ({ tool, args, change, after, asItIs }) => {
  it('changes the user and says from what to what', async () => {
    const id = await somebody();
    const before = await stored(id);
    const { data } = await steward.call(tool, { user_id: id, ...args });
    expect(data).toMatchObject({ changed: true, change, user: { id, ...after } });
    expect((await steward.call('get_user', { id })).data.user).toEqual(data.user);
    const now = await stored(id);
    expect(now).toEqual({ ...before, ...after, updated_at: now?.updated_at });
    expect(now?.updated_at.getTime()).toBeGreaterThanOrEqual(before?.updated_at.getTime() ?? Infinity);
  });

  it('records the change with who made it, by which tool, and the call as the log has it', async () => {
    const id = await somebody();
    await steward.call(tool, { user_id: id, ...args });
    const entries = await recorded(id);
    const { field: field_changed, ...values } = change;
    expect(entries).toEqual([
      { field_changed, ...values, actor: 'tester', tool, request_id: entries[0]?.request_id },
    ]);
    expect(await steward.logOfCall(entries[0]?.request_id ?? '')).toMatchObject({
      capability: tool,
      caller: 'tester',
      outcome: 'OK',
      arguments: { user_id: id },
    });
  });

  it('changes nothing where that could not be recorded', async () => {
    const id = await somebody();
    const before = await stored(id);
    await steward.database.query(
      `ALTER TABLE user_audit_log ADD CONSTRAINT broken CHECK (field_changed <> '${change.field}') NOT VALID`,
    );
    const answer = await steward.call(tool, { user_id: id, ...args });
    await steward.database.query('ALTER TABLE user_audit_log DROP CONSTRAINT broken');
    expect(answer.error).toBe('VALIDATION');
    expect(await stored(id)).toEqual(before);
    expect(await recorded(id)).toEqual([]);
  });

  it('says so when the user already is as asked, and writes nothing', async () => {
    const id = await somebody();
    const before = await stored(id);
    const { data } = await steward.call(tool, { user_id: id, ...asItIs });
    expect(data).toMatchObject({ changed: false, change: null, user: { id, department: 'Engineering' } });
    expect(await stored(id)).toEqual(before);
    expect(await recorded(id)).toEqual([]);
  });
});

describe('transfer_user', () => {
  it('refuses to move an inactive user, and says what to do first', async () => {
    const id = await somebody();
    await steward.call('set_user_active', { user_id: id, active: false });
    const answer = await steward.call('transfer_user', { user_id: id, new_department: 'Sales' });
    expect(answer.error).toBe('CONFLICT');
    expect(answer.text).toMatch(/inactive.*set_user_active/);
    expect(await stored(id)).toMatchObject({ department: 'Engineering', active: false });
    expect((await recorded(id)).map((entry) => entry.field_changed)).toEqual(['active']);
  });
});

describe('set_user_active', () => {
  it('brings a user back as they were', async () => {
    const id = await somebody();
    await steward.call('set_user_active', { user_id: id, active: false });
    const { data } = await steward.call('set_user_active', { user_id: id, active: true });
    expect(data.user).toMatchObject({ department: 'Engineering', role: 'Developer', active: true });
    expect((await recorded(id)).map((entry) => entry.new_value)).toEqual(['false', 'true']);
  });
});

describe('set_user_role', () => {
  it('takes another spelling of the same role for a change', async () => {
    const id = await somebody();
    const { data } = await steward.call('set_user_role', { user_id: id, role: 'DEVELOPER' });
    expect(data).toMatchObject({ changed: true, user: { role: 'DEVELOPER' } });
  });

  it('also sets the role of an inactive user', async () => {
    const id = await somebody();
    await steward.call('set_user_active', { user_id: id, active: false });
    const { data } = await steward.call('set_user_role', { user_id: id, role: 'Alumna' });
    expect(data.user).toMatchObject({ role: 'Alumna', active: false });
  });
});
