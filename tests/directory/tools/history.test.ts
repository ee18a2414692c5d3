import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { everyPage, records, startSteward, type Answer, type Steward } from '../../support/steward.js';

const LARGEST_ANSWER = 256 * 1024;

let steward: Steward;

beforeAll(async () => {
  steward = await startSteward();
});

afterAll(() => steward.stop());

const history = async (user_id: number) =>
  records(await steward.call('get_user_history', { user_id }), 'changes');

const bytesOf = ({ text, data }: Answer) =>
  Buffer.byteLength(JSON.stringify({ content: [{ type: 'text', text }], structuredContent: data }));

const newValues = (pages: Answer[]) =>
  pages.flatMap((page) => records(page, 'changes').map((change) => change.new_value));

/** Someone with `count` changes of role behind them. */
async function somebodyWithRoles(username: string, count: number): Promise<number> {
  const { data } = await steward.call('create_user', { username, email: `${username}@example.com` });
  const { id } = data.user;
  for (let n = 1; n <= count; n += 1) await steward.call('set_user_role', { user_id: id, role: `Role ${n}` });
  return id;
}

describe('get_user_history', () => {
  it('tells everything that was changed, newest first: what, from what to what, by whom and by which tool', async () => {
    const { data } = await steward.call('create_user', { username: 'storied', email: 'storied@example.com' });
    const { id } = data.user;
    await steward.call('set_user_role', { user_id: id, role: 'Analyst' });
    await steward.call('transfer_user', { user_id: id, new_department: 'finance' });
    await steward.call('update_user_preferences', { user_id: id, preferences: { theme: 'dark' } });
    await steward.call('set_user_active', { user_id: id, active: false });
    const changes = await history(id);
    expect(changes.map((change) => [change.field, change.old_value, change.new_value, change.tool])).toEqual([
      ['active', 'true', 'false', 'set_user_active'],
      ['preferences', '{}', '{"theme":"dark"}', 'update_user_preferences'],
      ['department', 'General', 'Finance', 'transfer_user'],
      ['role', 'User', 'Analyst', 'set_user_role'],
      ['created', null, 'storied', 'create_user'],
    ]);
    expect(new Set(changes.map((change) => change.actor))).toEqual(new Set(['tester']));
    const times = changes.map((change) => change.changed_at);
    expect(times.toSorted().toReversed()).toEqual(times);
  });

  it('is empty for a user who was never changed', async () => {
    const { data } = await steward.call('get_user_history', { user_id: 100 });
    expect(data.changes.rows).toEqual([]);
    expect(data.next_cursor).toBeNull();
  });

  it('answers 20 changes where no limit is given, and pages to the first one without loss', async () => {
    const id = await somebodyWithRoles('restless', 24);
    const expected = [...Array.from({ length: 24 }, (_, n) => `Role ${24 - n}`), 'restless'];
    const pages = await everyPage(steward, 'get_user_history', { user_id: id });
    expect(pages.map((page) => page.data.changes.rows.length)).toEqual([20, 5]);
    expect(newValues(pages)).toEqual(expected);
    for (const limit of [1, 5]) {
      const smaller = await everyPage(steward, 'get_user_history', { user_id: id, limit });
      expect(newValues(smaller)).toEqual(expected);
    }
  });

  it('neither repeats nor misses a change while more are made between two pages', async () => {
    const id = await somebodyWithRoles('fidgety', 7);
    const before = (await history(id)).map((change) => change.id);
    const pages = await everyPage(steward, 'get_user_history', { user_id: id, limit: 3 }, (page) =>
      steward.call('set_user_role', { user_id: id, role: `Meanwhile ${page}` }),
    );
    expect(pages.flatMap((page) => records(page, 'changes').map((change) => change.id))).toEqual(before);
  });

  it('refuses a cursor of another user', async () => {
    const [id, other] = [await somebodyWithRoles('owner', 2), await somebodyWithRoles('other', 2)];
    const { data } = await steward.call('get_user_history', { user_id: id, limit: 1 });
    const answer = await steward.call('get_user_history', { user_id: other, cursor: data.next_cursor });
    expect(answer.error).toBe('VALIDATION');
  });

  it.each([
    [40, 'letters', 'x', 'x'],
    [6, 'quotes', '"', '"'],
    [6, 'backslashes', '\\', '\\'],
    [6, 'characters that turn the writing direction', '\u202E', '\\u{202e}'],
    [6, 'soft hyphens', '\u00AD', '\\u{ad}'],
    [6, 'delete characters', '\u007F', '\\x7f'],
  ])(
    'stays below 256 KiB an answer, and whole, for %i changes of 16 KiB of %s',
    async (count, name, character, shown) => {
      const username = `wordy_${name.replaceAll(' ', '_')}`.slice(0, 50);
      const id = await somebodyWithRoles(username, 0);
      const room = 16_384 - '{"text":"00"}'.length;
      const text = character.repeat(room / (Buffer.byteLength(JSON.stringify(shown)) - 2));
      for (let n = 10; n < 10 + count; n += 1) {
        const answer = await steward.call('update_user_preferences', {
          user_id: id,
          preferences: { text: `${n}${text}` },
        });
        expect(answer.error).toBeUndefined();
        expect(bytesOf(answer)).toBeLessThan(LARGEST_ANSWER);
      }
      const pages = await everyPage(steward, 'get_user_history', { user_id: id, limit: 100 });
      for (const page of pages) expect(bytesOf(page)).toBeLessThan(LARGEST_ANSWER);
      const rows = await steward.database.query<{ new_value: string }>(
        'SELECT new_value FROM user_audit_log WHERE user_id = $1 ORDER BY id DESC',
        [id],
      );
      expect(rows).toHaveLength(1 + count);
      expect(newValues(pages)).toEqual(rows.map((row) => row.new_value.replaceAll(character, shown)));
    },
  );
});

describe('The audit log', () => {
  it.each([
    "UPDATE user_audit_log SET actor = 'intruder'",
    'UPDATE user_audit_log SET actor = actor WHERE false',
    'DELETE FROM user_audit_log',
    'DELETE FROM user_audit_log WHERE id = 1',
    'TRUNCATE user_audit_log',
    'TRUNCATE users CASCADE',
  ])('can only grow, for every role: the database refuses %s', async (statement) => {
    await somebodyWithRoles(`witness_${statement.length}`, 1);
    const count = 'SELECT count(*)::int AS rows FROM user_audit_log';
    const before = await steward.database.query(count);
    await expect(steward.database.query(statement)).rejects.toThrow(/append-only/);
    expect(await steward.database.query(count)).toEqual(before);
  });

  it('keeps the users it tells of: the database refuses to delete them', async () => {
    const id = await somebodyWithRoles('kept', 0);
    await expect(steward.database.query(`DELETE FROM users WHERE id = ${id}`)).rejects.toThrow(
      /user_audit_log/,
    );
  });

  it('pages over changes whose numbers JavaScript would round, and shows those as text', async () => {
    const id = await somebodyWithRoles('far_along', 0);
    await steward.database.query(`SELECT setval('user_audit_log_id_seq', 9007199254740990)`);
    for (const role of ['A', 'B', 'C', 'D']) await steward.call('set_user_role', { user_id: id, role });
    const pages = await everyPage(steward, 'get_user_history', { user_id: id, limit: 1 });
    expect(newValues(pages)).toEqual(['D', 'C', 'B', 'A', 'far_along']);
    expect(pages.flatMap((page) => records(page, 'changes').map((change) => change.id)).slice(0, 4)).toEqual([
      '9007199254740994',
      '9007199254740993',
      '9007199254740992',
      9007199254740991,
    ]);
  });
});
