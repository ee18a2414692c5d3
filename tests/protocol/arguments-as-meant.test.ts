import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import { serveExample, type Example } from '../records/example.js';
import { startSteward, type Steward } from '../support/steward.js';

/** Clients fill in null for what they leave out, and models write numbers as text: both are taken as they are meant. */

let steward: Steward;
let shop: Example;

beforeAll(async () => {
  [steward, shop] = await Promise.all([startSteward(), serveExample('shop')]);
});
afterAll(async () => {
  await Promise.all([steward.stop(), shop.stop()]);
});

/** What the reading tools of a server need, by the name of the argument. */
const NEEDED: Record<string, unknown> = {
  user_id: 1,
  model: 'Order',
  key: '1',
  metrics: 'count',
  status: 'PAID',
};

/** Each argument of a tool, null where it is not required. */
function filledIn({ inputSchema: { properties = {}, required = [] } }: Tool): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(properties).map((name) => [name, required.includes(name) ? NEEDED[name] : null]),
  );
}

/** Each cursor is encrypted with a nonce of its own. */
const withoutCursors = (answer: object) =>
  JSON.parse(JSON.stringify(answer).replaceAll(/[\w-]{60,}/g, 'cursor')) as unknown;

const getOnboarding = (args: object) =>
  steward.client.getPrompt({ name: 'onboard_user', arguments: args as Record<string, string> });

const completeDepartment = (context: object | null) =>
  steward.client.complete({
    ref: { type: 'ref/prompt', name: 'onboard_user' },
    argument: { name: 'department', value: 'Sal' },
    ...({ context } as object),
  });

const withoutNulls = (args: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));

describe('null', () => {
  it('is absent for every argument that is not required, of every tool that reads, in both domains', async () => {
    let arguments_ = 0;
    for (const { client } of [steward, shop.steward]) {
      const { tools } = await client.listTools();
      for (const tool of tools.filter(({ annotations }) => annotations?.readOnlyHint)) {
        const args = filledIn(tool);
        // One of its three arguments is needed, though none is required.
        if (tool.name === 'get_user') args['id'] = 1;
        const call = async (given: Record<string, unknown>) =>
          withoutCursors(await client.callTool({ name: tool.name, arguments: given }));
        const answer = await call(args);
        expect(answer).not.toHaveProperty('isError');
        expect(answer).toEqual(await call(withoutNulls(args)));
        arguments_ += Object.values(args).filter((value) => value === null).length;
      }
    }
    expect(arguments_).toBeGreaterThan(25);
  });

  it('leaves the default in place where something is written, too', async () => {
    const created = await steward.call('create_user', {
      username: 'null_able',
      email: 'null.able@example.com',
      department: null,
      role: null,
    });
    expect(created.data.user).toMatchObject({ department: 'General', role: 'User' });
  });

  it('is named where the argument is required', async () => {
    const { error, text } = await steward.call('set_user_role', { user_id: null, role: null });
    expect(error).toBe('VALIDATION');
    expect(text).toMatch(/user_id: must be a whole number; role: must be a string/);
    const { text: ofRecords } = await shop.steward.call('aggregate_records', {
      model: 'Order',
      metrics: null,
    });
    expect(ofRecords).toMatch(/^VALIDATION: metrics: must be text/);
  });

  it('is no excuse for an argument that there is not', async () => {
    const { text } = await steward.call('find_users', { nickname: null });
    expect(text).toMatch(/unknown argument "nickname"/);
  });

  it('keeps its meaning inside an argument', async () => {
    await steward.call('update_user_preferences', { user_id: 2, preferences: { theme: 'dark', size: 1 } });
    const { data } = await steward.call('update_user_preferences', {
      user_id: 2,
      preferences: { theme: null },
    });
    expect(data.preferences).not.toHaveProperty('theme');
    expect(data.preferences).toMatchObject({ size: 1 });
  });

  it('is absent for the arguments of a prompt, and refused where they are required', async () => {
    const details = { username: 'ann_lee', email: 'ann.lee@example.com' };
    const filled = { ...details, department: null, role: null };
    expect(await getOnboarding(filled)).toEqual(await getOnboarding(details));
    await expect(getOnboarding({ ...details, email: null })).rejects.toThrow('email: must be a string');
  });

  it('is absent among the arguments that were chosen before a completion', async () => {
    for (const context of [null, { arguments: null }, { arguments: { role: null } }])
      expect((await completeDepartment(context)).completion.values).toEqual(['Sales']);
  });
});

describe('text', () => {
  it('is a number or a boolean where only that is taken and nothing else can be meant', async () => {
    const same = async (tool: string, asText: object, typed: object, by: Steward = steward) => {
      const answer = await by.call(tool, { ...asText });
      expect(answer.error).toBeUndefined();
      expect(withoutCursors(answer)).toEqual(withoutCursors(await by.call(tool, { ...typed })));
    };
    await same('find_users', { limit: '3', active: 'true' }, { limit: 3, active: true });
    await same('find_users', { page: '2', active: 'false' }, { page: 2, active: false });
    await same('get_user', { id: '7' }, { id: 7 });
    await same('get_user_history', { user_id: '1', limit: '1.0' }, { user_id: 1, limit: 1 });
    const asked = { model: 'Order', limit: 2, total: true };
    await same('find_records', { ...asked, limit: '2', total: 'true' }, asked, shop.steward);
    const { data } = await steward.call('set_user_active', { user_id: '9', active: 'false' });
    expect(data.user).toMatchObject({ id: 9, active: false });
  });

  it('stays text where text is taken, and a number does not become one: its zeros may be lost', async () => {
    const { data } = await steward.call('create_user', { username: '007', email: 'bond@example.com' });
    expect(data.user.username).toBe('007');
    expect((await steward.call('get_user', { username: '007' })).data.user).toEqual(data.user);
    expect((await steward.call('get_user', { username: 7 })).text).toMatch(/username: must be a string/);
  });
});
