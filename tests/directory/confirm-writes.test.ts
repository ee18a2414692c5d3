import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAIN } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { countWaiting } from '../support/count-waiting.js';
import { everything } from '../support/backups.js';
import { brokenRules, census } from '../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { FormClient, type Outcome } from '../support/form-client.js';
import { holdUser } from '../support/hold-user.js';
import { codeOf, HttpSteward, type HttpAnswer } from '../support/http.js';
import { RawClient } from '../support/raw-client.js';
import { TOOLS } from './pinned-tools.js';

// CONFIRM_WRITES=1: a person confirms each write. And, on its answers: one counts once, for all processes of a database.

const CONFIRMED = { CONFIRM_WRITES: '1', RATE_LIMIT_PER_MINUTE: '1000000' };
const WRITES = TOOLS.filter(({ effect }) => !effect.readOnlyHint);
const READS = TOOLS.filter(({ effect }) => effect.readOnlyHint);

const messageOf = ({ forms }: Outcome) => forms?.['confirm']?.message;

const textOf = ({ json }: HttpAnswer) => {
  const [content] = (json?.result?.['content'] ?? []) as { text?: string }[];
  return content?.text ?? '';
};

const used = async (database: TestDatabase) => {
  const [row] = await database.query<{ count: number }>('SELECT count(*)::int FROM used_answers');
  return row?.count;
};

let people = 0;
/** A new user of General. */
async function someUser(database: TestDatabase): Promise<{ id: number; username: string }> {
  people += 1;
  const [user] = await database.query<{ id: number; username: string }>(
    `INSERT INTO users (username, email) VALUES ('person_' || $1::text, $1::text || '@x.example') RETURNING id, username`,
    [people],
  );
  return user as { id: number; username: string };
}

const departmentOf = async (database: TestDatabase, id: number) => {
  const [user] = await database.query<{ name: string }>(
    'SELECT name FROM users u JOIN departments d ON d.id = department_id WHERE u.id = $1',
    [id],
  );
  return user?.name;
};

describe('with CONFIRM_WRITES', () => {
  let database: TestDatabase;
  let raw: RawClient;
  let http: HttpSteward;
  let client: FormClient;

  beforeAll(async () => {
    database = await freshDatabase();
    raw = new RawClient({ ...database.env, ...CONFIRMED });
    http = await HttpSteward.start({ ...database.env, ...CONFIRMED });
    client = FormClient.overStdio(raw);
  });
  afterAll(async () => {
    await raw.end();
    await http.stop();
    await database.drop();
  });

  /** Makes a call and says yes. */
  const confirmed = async (tool: string, args: object) =>
    client.fill(tool, args, await client.call(tool, args), true);

  it('nothing but an explicit yes counts', async () => {
    const before = [await census(database), await used(database)];
    for (const { name, call } of WRITES) {
      const asked = await client.call(name, call);
      for (const [response, code] of [
        [{ action: 'decline' }, 'DECLINED'],
        [{ action: 'cancel' }, 'DECLINED'],
        [{ action: 'accept', content: { confirm: false } }, 'DECLINED'],
        [{ action: 'decline', content: { confirm: true } }, 'DECLINED'],
        [{ action: 'accept', content: {} }, 'VALIDATION'],
        [{ action: 'accept' }, 'VALIDATION'],
        [{ action: 'accept', content: { confirm: 'true' } }, 'VALIDATION'],
        [{ action: 'accept', content: { confirm: 1 } }, 'VALIDATION'],
        [{ content: { confirm: true } }, 'VALIDATION'],
      ] as const) {
        const ended = await client.answer(name, call, asked, response);
        expect([name, response, ended.code]).toEqual([name, response, code]);
        expect(ended.text).toContain('Nothing was done.');
      }
    }
    expect([await census(database), await used(database)]).toEqual(before);
  });

  it('a client that shows no forms can change nothing, in any revision, and still read', async () => {
    const older = await RawClient.start(database, CONFIRMED);
    const clients = [
      (tool: string, args: object) => FormClient.overStdio(raw, {}).call(tool, args),
      (tool: string, args: object) =>
        FormClient.overHttp(http, { elicitation: { url: {} } }).call(tool, args),
      (tool: string, args: object) => older.call(tool, args),
      async (tool: string, args: object) => {
        const answer = await http.call(tool, args);
        // Clients throw another status away, and their models see nothing of it.
        expect(answer.status).toBe(200);
        return { code: codeOf(answer), text: textOf(answer) };
      },
    ];
    const before = await census(database);
    const inNone = { name: 'create_user', call: { username: 'any_one', email: 'a@b.example' } };
    for (const call of clients) {
      for (const write of [...WRITES, inNone])
        expect(await call(write.name, write.call)).toMatchObject({
          code: 'FORBIDDEN',
          text: expect.stringMatching(/^FORBIDDEN: .*CONFIRM_WRITES.* Nothing was done\.$/),
        });
      for (const read of READS) expect((await call(read.name, read.call)).code).toBeUndefined();
    }
    expect(await census(database)).toEqual(before);
    await older.end();
  });

  it('each write says what it will do, and does it when a person has confirmed it, over stdio and HTTP', async () => {
    const [user] = await database.query<{ username: string; role: string }>(
      'SELECT username, role FROM users WHERE id = 1',
    );
    const whom = `user 1 ("${user?.username}")`;
    const words: Record<string, string> = {
      create_user:
        'Create the user "new_colleague" with the email "new@example.com", in the department "Sales", with the role "Lawyer".',
      transfer_user: `Move ${whom} from "${await departmentOf(database, 1)}" to the department "Finance".`,
      set_user_active: `Deactivate ${whom}.`,
      set_user_role: `Change the role of ${whom} from "${user?.role}" to "Paralegal".`,
      update_user_preferences: `Merge {"shown":["mail"],"theme":"dark"} into the preferences of ${whom}.`,
      create_department: 'Create the department "Legal".',
    };
    expect(Object.keys(words)).toEqual(WRITES.map(({ name }) => name));
    const usedBefore = (await used(database)) ?? 0;
    for (const [at, { name, call }] of WRITES.entries()) {
      const over = at % 2 === 0 ? client : FormClient.overHttp(http);
      const before = await everything(database);
      const asked = await over.call(name, call);
      expect(asked.forms).toEqual({
        confirm: {
          mode: 'form',
          message: words[name],
          requestedSchema: {
            type: 'object',
            properties: { confirm: { type: 'boolean', default: false, title: 'Yes, do this' } },
            required: ['confirm'],
          },
        },
      });
      expect(await everything(database)).toEqual(before);
      const done = await over.fill(name, call, asked, true);
      expect([done.code, done.forms]).toEqual([undefined, undefined]);
      expect(await everything(database)).not.toEqual(before);
    }
    expect(await brokenRules(database)).toEqual({});
    expect(await used(database)).toBe(usedBefore + WRITES.length);
  });

  it('reads ask nobody', async () => {
    for (const { name, call } of READS) expect((await client.call(name, call)).forms).toBeUndefined();
  });

  it('asks nobody about what would change nothing, or fail', async () => {
    const { id, username } = await someUser(database);
    for (const [tool, args] of [
      ['transfer_user', { user_id: id, new_department: 'General' }],
      ['set_user_active', { user_id: id, active: true }],
      ['update_user_preferences', { user_id: id, preferences: {} }],
    ] as const)
      expect(await client.call(tool, args)).toMatchObject({ data: { changed: false }, forms: undefined });
    for (const [tool, args, code] of [
      ['create_user', { username, email: 'own@x.example', department: 'Sales' }, 'CONFLICT'],
      ['create_department', { name: 'SALES' }, 'CONFLICT'],
      ['transfer_user', { user_id: id, new_department: 'Piracy' }, 'NOT_FOUND'],
      ['set_user_role', { user_id: 2_000_000, role: 'Any' }, 'NOT_FOUND'],
    ] as const)
      expect(await client.call(tool, args)).toMatchObject({ code, forms: undefined });
  });

  it('asks anew where what would be done is no longer what was confirmed', async () => {
    const { id } = await someUser(database);
    const args = { user_id: id, new_department: 'Finance' };
    const asked = await client.call('transfer_user', args);
    await database.query(
      `UPDATE users SET department_id = (SELECT id FROM departments WHERE name = 'Sales') WHERE id = $1`,
      [id],
    );
    const again = await client.fill('transfer_user', args, asked, true);
    expect(messageOf(again)).toMatch(/from "Sales" to the department "Finance"\.$/);
    expect(await departmentOf(database, id)).toBe('Sales');
    const done = await client.fill('transfer_user', args, again, true);
    expect(done.data['change']).toMatchObject({ old_value: 'Sales', new_value: 'Finance' });
  });

  it('asks anew where another change came between, though it would be put into the same words', async () => {
    const { id } = await someUser(database);
    const args = { user_id: id, preferences: { keep: null, theme: 'dark' } };
    const asked = await client.call('update_user_preferences', args);
    await confirmed('update_user_preferences', { user_id: id, preferences: { keep: { new: true } } });
    const again = await client.fill('update_user_preferences', args, asked, true);
    expect(messageOf(again)).toBe(messageOf(asked));
    const kept = await client.call('get_user_preferences', { user_id: id });
    expect(kept.data['preferences']).toEqual({ keep: { new: true } });
    const done = await client.fill('update_user_preferences', args, again, true);
    expect(done.data['preferences']).toEqual({ theme: 'dark' });
  });

  it('knows its call again where the members of an argument come in another order', async () => {
    const { id } = await someUser(database);
    const asked = await client.call('update_user_preferences', {
      user_id: id,
      preferences: { theme: 'dark', mail: { daily: true, at: '9' } },
    });
    const args = { preferences: { mail: { at: '9', daily: true }, theme: 'dark' }, user_id: id };
    expect((await client.fill('update_user_preferences', args, asked, true)).data['changed']).toBe(true);
  });

  it('asks for the department of a new user, and then whether to create them', async () => {
    const person = { username: 'new_user', email: 'new_user@example.com' };
    const before = (await used(database)) ?? 0;
    const first = await client.call('create_user', person);
    expect(Object.keys(first.forms ?? {})).toEqual(['department']);
    const second = await client.fill('create_user', person, first, 'Marketing');
    expect(messageOf(second)).toMatch(/in the department "Marketing"/);
    expect(await used(database)).toBe(before);
    const done = await client.fill('create_user', person, second, true);
    expect(done.data['user']).toMatchObject({ ...person, department: 'Marketing' });
    // The answers to both questions count once together.
    expect(await used(database)).toBe(before + 1);
    const again = await client.fill('create_user', person, first, 'Marketing');
    expect(again).toMatchObject({ code: 'CONFLICT', text: expect.stringContaining('used before') });
  });

  it('tells a caller who may not read users no more in the question than they said', async () => {
    const { id, username } = await someUser(database);
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-confirm-'));
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    await writeFile(
      STEWARD_CONFIG,
      JSON.stringify({ directory: true, caller: { scopes: ['directory:write'] } }),
    );
    const writer = new RawClient({ ...database.env, ...CONFIRMED, STEWARD_CONFIG });
    const asks = FormClient.overStdio(writer);
    const moved = await asks.call('transfer_user', { user_id: id, new_department: 'Finance' });
    expect(messageOf(moved)).toBe(`Move user ${id} to the department "Finance".`);
    const active = await asks.call('set_user_active', { user_id: id, active: false });
    expect(messageOf(active)).toBe(`Deactivate user ${id}.`);
    const person = { username: 'another_one', email: 'another@example.com' };
    expect(messageOf(await asks.call('create_user', person))).toMatch(/in the department "General"/);
    expect(writer.lines.join('\n')).not.toContain(username);
    await writer.end();
    await rm(folder, { recursive: true });
  });

  it('says to the model that a person confirms', async () => {
    expect((await raw.greet()).result?.['instructions']).toContain(
      'A person is asked to confirm each change',
    );
  });

  it('is a flag, too', async () => {
    const flagged = await HttpSteward.start(database.env, [MAIN, 'http', '--confirm-writes']);
    const asked = await FormClient.overHttp(flagged).call('create_department', { name: 'By flag' });
    expect(messageOf(asked)).toBe('Create the department "By flag".');
    await flagged.stop();
  });

  it('an answer counts once, at any process', async () => {
    const { id } = await someUser(database);
    const there = { user_id: id, new_department: 'Finance' };
    const asked = await client.call('transfer_user', there);
    await client.fill('transfer_user', there, asked, true);
    await confirmed('transfer_user', { user_id: id, new_department: 'General' });
    const before = await everything(database);
    for (const again of [client, FormClient.overHttp(http)])
      expect(await again.fill('transfer_user', there, asked, true)).toMatchObject({
        code: 'CONFLICT',
        text: expect.stringMatching(/used before, and counts once.* did nothing/),
      });
    expect(await everything(database)).toEqual(before);
    expect(await departmentOf(database, id)).toBe('General');
  });

  it('an answer to a call that failed can be used again', async () => {
    const args = { name: 'Archive' };
    const asked = await client.call('create_department', args);
    await database.query(`INSERT INTO departments (name) VALUES ('Archive')`);
    expect((await client.fill('create_department', args, asked, true)).code).toBe('CONFLICT');
    await database.query(`DELETE FROM departments WHERE name = 'Archive'`);
    expect((await client.fill('create_department', args, asked, true)).code).toBeUndefined();
  });

  it('what records used answers is removed after an hour, a hundred at a time', async () => {
    await database.query('DELETE FROM used_answers');
    await database.query(`
      INSERT INTO used_answers (id, used_at)
      SELECT gen_random_uuid(), now() - CASE WHEN n <= 30 THEN interval '59 minutes' ELSE interval '61 minutes' END
      FROM generate_series(1, 280) AS n`);
    // The first hundred went with the statement that brought them.
    const counts = [await used(database)];
    for (const name of ['Museum', 'Library', 'Theatre']) {
      await confirmed('create_department', { name });
      counts.push(await used(database));
    }
    expect(counts).toEqual([180, 81, 32, 33]);
  });
});

onServer('two processes and one answer (on PostgreSQL only: these need real concurrency)', () => {
  let database: TestDatabase;
  let processes: HttpSteward[];

  beforeEach(async () => {
    database = await freshDatabase();
    const env = { ...database.env, ...CONFIRMED };
    processes = await Promise.all([HttpSteward.start(env), HttpSteward.start(env)]);
  });
  afterEach(async () => {
    await Promise.all(processes.map((one) => one.stop()));
    await database.drop();
  });

  const waiting = (count: number) => eventually(async () => (await countWaiting(database)) === count);
  const changes = () =>
    database.query(
      `SELECT new_value FROM user_audit_log WHERE user_id = 1 AND field_changed = 'role' ORDER BY id`,
    );

  it('two that use it at one moment: one does it, the other is a CONFLICT and does nothing', async () => {
    const [one, two] = processes.map((steward) => FormClient.overHttp(steward)) as [FormClient, FormClient];
    const args = { user_id: 1, role: 'Conductor' };
    const asked = await one.call('set_user_role', args);
    const holder = await holdUser(database, 1);
    const both = [one, two].map((client) => client.fill('set_user_role', args, asked, true));
    await waiting(2);
    await holder.query('ROLLBACK');
    await holder.end();
    const codes = (await Promise.all(both)).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['CONFLICT', undefined]));
    expect(await changes()).toEqual([{ new_value: 'Conductor' }]);
    expect(await used(database)).toBe(1);
  });

  it('of one that is killed half-way nothing is left, and the answer counts at the other', async () => {
    const [one, two] = processes.map((steward) => FormClient.overHttp(steward)) as [FormClient, FormClient];
    const args = { user_id: 1, role: 'Violinist' };
    const asked = await one.call('set_user_role', args);
    const before = [await census(database), await used(database)];
    const holder = await holdUser(database, 1);
    const cut = one.fill('set_user_role', args, asked, true).catch(() => 'cut');
    await waiting(1);
    await processes[0]?.stop('SIGKILL');
    expect(await cut).toBe('cut');
    await holder.query('ROLLBACK');
    await holder.end();
    await waiting(0);
    expect([await census(database), await used(database)]).toEqual(before);
    expect((await two.fill('set_user_role', args, asked, true)).code).toBeUndefined();
    expect(await changes()).toEqual([{ new_value: 'Violinist' }]);
    expect(await brokenRules(database)).toEqual({});
  });
});
