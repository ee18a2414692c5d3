import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAIN, ROOT } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { FormClient, type Outcome } from '../support/form-client.js';
import { HttpSteward } from '../support/http.js';
import { logged, parseLog } from '../support/log.js';
import { RawClient } from '../support/raw-client.js';

// The questions of tools to people (specification 2026-07-28, basic/patterns/mrtr and client/elicitation).

const UNLIMITED = { RATE_LIMIT_PER_MINUTE: '1000000' };

let database: TestDatabase;
let raw: RawClient;
let http: HttpSteward;

beforeAll(async () => {
  database = await freshDatabase();
  raw = new RawClient({ ...database.env, ...UNLIMITED });
  http = await HttpSteward.start({ ...database.env, ...UNLIMITED });
});
afterAll(async () => {
  await raw.end();
  await http.stop();
  await database.drop();
});

let people = 0;
/** A new person, without a department. */
const someone = () => {
  people += 1;
  return { username: `person_${people}`, email: `person_${people}@example.com` };
};

const departmentOf = async ({ username }: { username: string }) => {
  const [user] = await database.query<{ name: string }>(
    'SELECT d.name FROM users u JOIN departments d ON d.id = department_id WHERE username = $1',
    [username],
  );
  return user?.name;
};

const departments = async () => {
  const rows = await database.query<{ name: string }>('SELECT name::text FROM departments ORDER BY name');
  return rows.map(({ name }) => name);
};

const idOf = async (username: string) =>
  (await database.query<{ id: number }>('SELECT id FROM users WHERE username = $1', [username]))[0]?.id;

const label = async (username: string, rest: string) => `${username}, ${rest} (user ${await idOf(username)})`;

const choicesOf = ({ forms }: Outcome, name: string) =>
  forms?.[name]?.requestedSchema.properties[name]?.['enum'];

const clientWith = (capabilities?: object) => FormClient.overStdio(raw, capabilities);

describe('create_user without a department', () => {
  let client: FormClient;
  let person: ReturnType<typeof someone>;
  beforeEach(() => {
    client = clientWith();
    person = someone();
  });

  it('asks in which, of those that there are', async () => {
    const asked = await client.call('create_user', person);
    expect(asked.forms).toEqual({
      department: {
        mode: 'form',
        message: `In which department is the new user "${person.username}"?`,
        requestedSchema: {
          type: 'object',
          properties: { department: { type: 'string', enum: await departments() } },
          required: ['department'],
        },
      },
    });
    expect(asked.state).toEqual(expect.any(String));
    expect(await departmentOf(person)).toBeUndefined();
  });

  it('creates the user in the department that the person chose', async () => {
    const asked = await client.call('create_user', person);
    const made = await client.fill('create_user', person, asked, 'Finance');
    expect(made.code).toBeUndefined();
    expect(made.data['user']).toMatchObject({ ...person, department: 'Finance' });
    expect(await departmentOf(person)).toBe('Finance');
  });

  it('does so over HTTP as well', async () => {
    const overHttp = FormClient.overHttp(http);
    const asked = await overHttp.call('create_user', person);
    await overHttp.fill('create_user', person, asked, 'Finance');
    expect(await departmentOf(person)).toBe('Finance');
  });

  it('does not ask where a department is given', async () => {
    const made = await client.call('create_user', { ...person, department: 'Sales' });
    expect(made.forms).toBeUndefined();
    expect(await departmentOf(person)).toBe('Sales');
  });

  it.each([
    ['declares no elicitation', {}],
    ['shows no forms', { elicitation: { url: {} } }],
  ])('is General for a client that %s', async (_what, capabilities) => {
    const made = await clientWith(capabilities).call('create_user', person);
    expect(made.forms).toBeUndefined();
    expect(await departmentOf(person)).toBe('General');
  });

  it.each([
    ['says no', { action: 'decline' }, /^DECLINED: The person who was asked said no\. Nothing was done\./],
    [
      'closes the form',
      { action: 'cancel' },
      /^DECLINED: .* closed the question without an answer\. Nothing/,
    ],
  ])('does nothing where the person %s', async (_what, response, words) => {
    const asked = await client.call('create_user', person);
    const ended = await client.answer('create_user', person, asked, response);
    expect(ended).toMatchObject({ code: 'DECLINED', text: expect.stringMatching(words) });
    expect(await departmentOf(person)).toBeUndefined();
  });

  it.each([
    ['none of the choices', { action: 'accept', content: { department: 'Piracy' } }],
    ['no text', { action: 'accept', content: { department: 1 } }],
    ['of no field', { action: 'accept', content: {} }],
    ['without content', { action: 'accept' }],
    ['of no known action', { action: 'agree', content: { department: 'Sales' } }],
  ])('refuses an answer that is %s', async (_what, response) => {
    const asked = await client.call('create_user', person);
    const refused = await client.answer('create_user', person, asked, response);
    expect(refused).toMatchObject({
      code: 'VALIDATION',
      text: expect.stringMatching(/^VALIDATION: inputResponses\.department: .* Nothing was done\./),
    });
    expect(await departmentOf(person)).toBeUndefined();
    // The answer itself was not used up.
    await client.fill('create_user', person, asked, 'Sales');
    expect(await departmentOf(person)).toBe('Sales');
  });

  it.each([{ action: 'decline' }, { action: 'accept', content: { department: 'Sales' } }])(
    'does not pass over an answer of a client that shows no forms any more: %j',
    async (response) => {
      const asked = await client.call('create_user', person);
      const refused = await clientWith({}).answer('create_user', person, asked, response);
      expect(refused).toMatchObject({ code: 'VALIDATION', text: expect.stringContaining('requestState') });
      expect(await departmentOf(person)).toBeUndefined();
    },
  );

  it('takes no answer without the state that came with the question', async () => {
    const inputResponses = { department: { action: 'accept', content: { department: 'Sales' } } };
    const asked = await client.call('create_user', person, { inputResponses });
    expect(choicesOf(asked, 'department')).toContain('Sales');
    expect(await departmentOf(person)).toBeUndefined();
  });

  it('refuses a state that was altered, cut or made up', async () => {
    const asked = await client.call('create_user', person);
    const state = asked.state ?? '';
    const middle = state.length >> 1;
    const flipped = state.slice(0, middle) + (state[middle] === 'A' ? 'B' : 'A') + state.slice(middle + 1);
    for (const forged of [
      flipped,
      state.slice(0, -4),
      `${state}AAAA`,
      '',
      'AAAA',
      '{"department":"Sales"}',
    ]) {
      const refused = await client.fill('create_user', person, { ...asked, state: forged }, 'Sales');
      expect(refused).toMatchObject({ code: 'VALIDATION', text: expect.stringContaining('requestState') });
    }
    expect(await departmentOf(person)).toBeUndefined();
  });

  it('refuses a state of another call', async () => {
    const asked = await client.call('create_user', person);
    for (const other of [someone(), { ...person, role: 'Developer' }]) {
      const refused = await client.fill('create_user', other, asked, 'Sales');
      expect(refused).toMatchObject({ code: 'VALIDATION', text: expect.stringContaining('requestState') });
      expect(await departmentOf(other)).toBeUndefined();
    }
    const tool = await client.fill('create_department', { name: 'Elsewhere' }, asked, 'Sales');
    expect(tool).toMatchObject({ code: 'VALIDATION', text: expect.stringContaining('requestState') });
    expect(await departments()).not.toContain('Elsewhere');
  });

  it('knows its call again by what it says, in any order and way of writing', async () => {
    const asked = await client.call('create_user', person);
    const { username, email } = person;
    await client.fill('create_user', { role: 'User', email, department: null, username }, asked, 'Sales');
    expect(await departmentOf(person)).toBe('Sales');
  });

  it('asks anew where there is another department by now', async () => {
    const asked = await client.call('create_user', person);
    const name = `Newest ${person.username}`;
    await database.query('INSERT INTO departments (name) VALUES ($1)', [name]);
    const again = await client.fill('create_user', person, asked, 'Sales');
    expect(choicesOf(again, 'department')).toContain(name);
    expect(await departmentOf(person)).toBeUndefined();
    await client.fill('create_user', person, again, name);
    expect(await departmentOf(person)).toBe(name);
  });
});

describe('a question', () => {
  it('is answered at any process of the same secret, by its caller alone', async () => {
    const person = someone();
    const asked = await clientWith().call('create_user', person);
    const other = new RawClient({ ...database.env, STEWARD_CALLER: 'mallory' });
    const refused = await FormClient.overStdio(other).fill('create_user', person, asked, 'Sales');
    expect(refused).toMatchObject({ code: 'VALIDATION', text: expect.stringContaining('requestState') });
    await other.end();
    await FormClient.overHttp(http).fill('create_user', person, asked, 'Sales');
    expect(await departmentOf(person)).toBe('Sales');
  });

  it('is not answered at a process of another secret', async () => {
    const person = someone();
    const asked = await clientWith().call('create_user', person);
    const STEWARD_SECRET = Buffer.alloc(32, 'other').toString('base64url');
    const other = new RawClient({ ...database.env, STEWARD_SECRET });
    const refused = await FormClient.overStdio(other).fill('create_user', person, asked, 'Sales');
    expect(refused).toMatchObject({ code: 'VALIDATION', text: expect.stringContaining('requestState') });
    await other.end();
  });

  it('is not answered after ten minutes', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-clock-'));
    const SHIFTED_CLOCK_FILE = path.join(folder, 'shift');
    await writeFile(SHIFTED_CLOCK_FILE, '0');
    const clock = path.join(ROOT, 'tests', 'support', 'shifted-clock.mjs');
    const late = await HttpSteward.start({ ...database.env, SHIFTED_CLOCK_FILE }, [
      '--import',
      clock,
      MAIN,
      'http',
    ]);
    const person = someone();
    const asked = await clientWith().call('create_user', person);
    await writeFile(SHIFTED_CLOCK_FILE, String(601_000));
    const refused = await FormClient.overHttp(late).fill('create_user', person, asked, 'Sales');
    expect(refused).toMatchObject({
      code: 'VALIDATION',
      text: expect.stringMatching(
        /requestState: is too old; answers are taken for 10 minutes\. Nothing was done/,
      ),
    });
    expect(await departmentOf(person)).toBeUndefined();
    await writeFile(SHIFTED_CLOCK_FILE, String(590_000));
    await FormClient.overHttp(late).fill('create_user', person, asked, 'Sales');
    expect(await departmentOf(person)).toBe('Sales');
    await late.stop();
    await rm(folder, { recursive: true });
  });

  it('leaves nothing in the log that the arguments may not leave', async () => {
    const own = new RawClient({ ...database.env });
    const client = FormClient.overStdio(own);
    const person = someone();
    const asked = await client.call('create_user', person);
    await client.fill('create_user', person, asked, 'Customer Support');
    await client.call('get_user', { search: person.email });
    const [first, second] = await logged(
      { log: () => parseLog(own.stderr()), stderr: () => own.stderr() },
      'call',
      3,
    );
    const args = { username: person.username, email: '[redacted]' };
    expect(first).toMatchObject({ outcome: 'INPUT_REQUIRED', arguments: args });
    expect(second).toMatchObject({ outcome: 'OK', arguments: args });
    for (const secret of [person.email, 'Customer Support', asked.state ?? '', 'In which department'])
      expect(own.stderr()).not.toContain(secret);
    await own.end();
  });

  it('offers a hundred departments at most: where there are more, the user is in General', async () => {
    const few = await freshDatabase();
    const own = new RawClient({ ...few.env });
    const client = FormClient.overStdio(own);
    const [there] = await few.query<{ count: number }>('SELECT count(*)::int FROM departments');
    const add = (count: number) =>
      few.query(
        `INSERT INTO departments (name) SELECT 'Branch ' || gen_random_uuid() FROM generate_series(1, $1)`,
        [count],
      );
    await add(100 - (there?.count ?? 0));
    expect(choicesOf(await client.call('create_user', someone()), 'department')).toHaveLength(100);
    await add(1);
    const made = await client.call('create_user', someone());
    expect(made.data['user']).toMatchObject({ department: 'General' });
    await own.end();
    await few.drop();
  });
});

describe('get_user with a search', () => {
  beforeAll(async () => {
    await database.query(`
      INSERT INTO users (username, email, role, active) VALUES
        ('zz_ada', 'ada@zz.example', 'Developer', true), ('zz_adam', 'adam@zz.example', 'Tester', true),
        ('zz_adal', 'adal@zz.example', 'Tester', false), ('zz_only', 'only@zz.example', 'Tester', true)
      ON CONFLICT DO NOTHING`);
  });

  it('asks whom, where several match, and answers with the one who was chosen', async () => {
    const client = clientWith();
    const asked = await client.call('get_user', { search: 'zz_ad' });
    expect(asked.forms?.['user']?.message).toBe('Which user is meant by "zz_ad"?');
    const choices = [
      await label('zz_adam', 'Tester, General'),
      await label('zz_ada', 'Developer, General'),
      await label('zz_adal', 'Tester, General, inactive'),
    ];
    expect(choicesOf(asked, 'user')).toEqual(expect.arrayContaining(choices));
    expect(choicesOf(asked, 'user')).toHaveLength(choices.length);
    for (const choice of choices) {
      const found = await client.fill('get_user', { search: 'zz_ad' }, asked, choice);
      expect(found.data['user']).toMatchObject({ username: choice.split(',')[0] });
    }
    const other = await client.fill(
      'get_user',
      { search: 'zz_ad' },
      asked,
      await label('zz_only', 'Tester, General'),
    );
    expect(other.code).toBe('VALIDATION');
  });

  it.each([
    ['the only one who matches', 'zz_onl', 'zz_only'],
    ['the one with just that username', 'ZZ_Ada', 'zz_ada'],
    ['the one with just that email', 'Ada@zz.example', 'zz_ada'],
  ])('finds %s without a question', async (_what, search, username) => {
    const found = await clientWith().call('get_user', { search });
    expect(found.data['user']).toMatchObject({ username });
  });

  it('names them to a client that shows no forms', async () => {
    const refused = await clientWith({}).call('get_user', { search: 'zz_ad' });
    expect(refused.code).toBe('VALIDATION');
    for (const username of ['zz_ada', 'zz_adam', 'zz_adal'])
      expect(refused.text).toContain(`(user ${await idOf(username)})`);
    expect(refused.text).toMatch(/Call with the id of one\./);
  });

  it('asks nobody to choose from more than ten', async () => {
    const refused = await clientWith().call('get_user', { search: 'example.com' });
    expect(refused).toMatchObject({ code: 'VALIDATION', forms: undefined });
    expect(refused.text).toMatch(/several users match: .*; and more\. Call with the id of one\./);
    expect(refused.text.match(/\(user \d+\)/g)).toHaveLength(10);
  });

  it('says so where nobody matches', async () => {
    expect((await clientWith().call('get_user', { search: 'zz_nobody' })).code).toBe('NOT_FOUND');
  });
});

it('clients of older revisions are asked nothing: without a department a user is in General', async () => {
  const client = await RawClient.start(database);
  const person = someone();
  expect((await client.call('create_user', person)).data['user']).toMatchObject({ department: 'General' });
  const other = { ...someone(), username: `too_${person.username}` };
  await client.call('create_user', other);
  const { code, text } = await client.call('get_user', { search: person.username.slice(1) });
  expect([code, text]).toEqual(['VALIDATION', expect.stringContaining(other.username)]);
  await client.end();
});
