import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawClient } from '../../support/raw-client.js';
import { startSteward, type Steward } from '../../support/steward.js';

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

type JsonObject = Record<string, unknown>;

let users = 0;

/** A user of its own for each test, with these preferences. */
async function userWith(preferences: JsonObject = {}): Promise<number> {
  users += 1;
  await steward.database.query('INSERT INTO user_preferences (user_id, preferences) VALUES ($1, $2)', [
    users,
    preferences,
  ]);
  return users;
}

const update = (user_id: number, preferences: unknown) =>
  steward.call('update_user_preferences', { user_id, preferences });

const stored = async (user_id: number) =>
  (await steward.call('get_user_preferences', { user_id })).data.preferences;

const recorded = (user_id: number) =>
  steward.database.query<{ old_value: string; new_value: string; request_id: string }>(
    'SELECT * FROM user_audit_log WHERE user_id = $1 ORDER BY id',
    [user_id],
  );

const textOf = async (id: number) =>
  (
    await steward.database.query<{ preferences: string }>(
      'SELECT preferences::text FROM user_preferences WHERE user_id = $1',
      [id],
    )
  )[0]?.preferences;

/** What PostgreSQL itself makes of two objects. */
const merged = async (one: string, other: string) =>
  (
    await steward.database.query<{ merged: string }>('SELECT ($1::jsonb || $2::jsonb)::text AS merged', [
      one,
      other,
    ])
  )[0]?.merged;

/** A user whose preferences another program wrote. */
async function userWithText(json: string): Promise<number> {
  const id = await userWith();
  await steward.database.query('UPDATE user_preferences SET preferences = $2::jsonb WHERE user_id = $1', [
    id,
    json,
  ]);
  return id;
}

const nested = (levels: number): unknown => (levels === 0 ? 'bottom' : { in: nested(levels - 1) });

describe('get_user_preferences', () => {
  it('answers an empty object where none were ever set', async () => {
    const { data } = await steward.call('get_user_preferences', { user_id: 150 });
    expect(data).toMatchObject({ user_id: 150, preferences: {} });
  });
});

describe('update_user_preferences', () => {
  // RFC 7396, appendix A: the cases in which both the original and the patch are objects.
  it.each<[original: JsonObject, patch: JsonObject, result: JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('makes of %j by the patch %j: %j', async (original, patch, result) => {
    const id = await userWith(original);
    const { data } = await update(id, patch);
    expect(data).toMatchObject({ changed: true, user_id: id });
    expect(data.preferences).toEqual(result);
    expect(await stored(id)).toEqual(result);
  });

  it('sets the first preferences of a user who has none', async () => {
    expect((await update(151, { theme: 'dark' })).data.preferences).toEqual({ theme: 'dark' });
    expect(await stored(151)).toEqual({ theme: 'dark' });
  });

  it('keeps every kind of value, and names that mean something elsewhere', async () => {
    const id = await userWith();
    const preferences = {
      'with "quotes"\n': 'line\nbreak\ttab \\ 💡',
      '': 0,
      constructor: { prototype: true },
      '0': [null, 1.5, -2e-7, [], {}],
      columns: ['a'],
      rows: [1],
    };
    expect((await update(id, preferences)).data.preferences).toEqual(preferences);
    expect(await stored(id)).toEqual(preferences);
  });

  it('records both states, by whom and by which call', async () => {
    const id = await userWith({ theme: 'light' });
    await update(id, { theme: 'dark' });
    const [entry] = await recorded(id);
    expect(entry).toMatchObject({
      field_changed: 'preferences',
      old_value: '{"theme":"light"}',
      new_value: '{"theme":"dark"}',
      actor: 'tester',
      tool: 'update_user_preferences',
    });
    expect(await steward.logOfCall(entry?.request_id ?? '')).toMatchObject({
      outcome: 'OK',
      arguments: { user_id: id, preferences: '[redacted]' },
    });
  });

  it.each([
    [{}],
    [{ theme: 'dark' }],
    [{ gone: null }],
    [{ mail: { daily: true } }],
    [{ mail: { gone: null } }],
  ])('writes nothing where the patch %j changes nothing', async (patch) => {
    const preferences = { theme: 'dark', mail: { daily: true, weekly: [1, 2] } };
    const id = await userWith(preferences);
    const { data } = await update(id, patch);
    expect(data).toMatchObject({ changed: false, preferences });
    expect(await recorded(id)).toEqual([]);
  });

  it('keeps up to 16 KiB and not a byte more, however it comes together', async () => {
    const id = await userWith();
    const largest = { a: 'x'.repeat(16_384 - '{"a":""}'.length) };
    expect((await update(id, { a: `${largest.a}x` })).error).toBe('VALIDATION');
    expect((await update(id, largest)).error).toBeUndefined();
    const tooMuch = await update(id, { b: 1 });
    expect(tooMuch.error).toBe('VALIDATION');
    expect(tooMuch.text).toMatch(/16384.*null/);
    expect(await stored(id)).toEqual(largest);
    expect(await recorded(id)).toHaveLength(1);
  });

  it('counts bytes, not characters', async () => {
    const id = await userWith();
    expect((await update(id, { a: '€'.repeat(6000) })).error).toBe('VALIDATION');
  });

  it('lets go of what is too much when it is removed in the same patch', async () => {
    const id = await userWith({ old: 'x'.repeat(12_000) });
    expect((await update(id, { new: 'y'.repeat(12_000), old: null })).error).toBeUndefined();
  });

  it('keeps 5 levels and not one more, however they come together', async () => {
    const id = await userWith();
    expect((await update(id, nested(5))).error).toBeUndefined();
    expect((await update(id, nested(6))).error).toBe('VALIDATION');
    expect((await update(id, { list: [[[[[]]]]] })).error).toBe('VALIDATION');
    expect(await stored(id)).toEqual(nested(5));
  });

  it('says that there is no such user', async () => {
    expect((await update(2_000_000_000, { a: 1 })).error).toBe('NOT_FOUND');
  });

  describe('numbers that JavaScript would round', () => {
    const EXACT =
      '{"snowflake": 750727362669608961, "rate": 0.12345678901234567890, "price": 1.10, "far": 1e300}';
    let client: RawClient;
    beforeAll(async () => void (client = await RawClient.start(steward.database)));
    afterAll(() => client.end());

    it('are shown as text, digit by digit', async () => {
      const id = await userWithText(EXACT);
      expect(await stored(id)).toEqual({
        snowflake: '750727362669608961',
        rate: '0.12345678901234567890',
        price: 1.1,
        far: 1e300,
      });
    });

    it('stay as they are when something else changes, and the audit log has them right', async () => {
      const id = await userWithText(EXACT);
      await update(id, { theme: 'dark' });
      expect(await textOf(id)).toBe(await merged(EXACT, '{"theme":"dark"}'));
      const [entry] = await recorded(id);
      expect(entry?.old_value).toContain('"snowflake":750727362669608961');
      expect(entry?.old_value).toContain('"rate":0.12345678901234567890');
      expect(entry?.new_value).toContain('"snowflake":750727362669608961');
    });

    it('are unchanged by a patch that says the same in other digits', async () => {
      const id = await userWithText('{"price": 1.10, "far": 1e300}');
      expect((await update(id, { price: 1.1, far: 1e300 })).data.changed).toBe(false);
      expect(await recorded(id)).toEqual([]);
    });

    it.each([
      ['{"deep":{"snowflake":750727362669608961}}', /preferences\.deep\.snowflake: .*as text/],
      ['{"list":[1,0.12345678901234567890]}', /preferences\.list\.1: /],
      ['{"huge":1e999}', /preferences\.huge: /],
    ])('are refused by name in the patch %s', async (patch, says) => {
      const id = await userWith();
      const { code, text } = await client.callWithText(
        'update_user_preferences',
        `{"user_id":${id},"preferences":${patch}}`,
      );
      expect(code).toBe('VALIDATION');
      expect(text).toMatch(says);
      expect(await stored(id)).toEqual({});
    });

    it.each(['9007199254740994', '1e300', '-0.1', '123456789012345000000', '1.50', '5e-324'])(
      'are not these: %s is taken as it is',
      async (number) => {
        const id = await userWith();
        await client.callWithText(
          'update_user_preferences',
          `{"user_id":${id},"preferences":{"n":${number}}}`,
        );
        expect(
          await steward.database.query(
            "SELECT preferences -> 'n' = $2::jsonb AS same FROM user_preferences WHERE user_id = $1",
            [id, number],
          ),
        ).toEqual([{ same: true }]);
      },
    );
  });
});
