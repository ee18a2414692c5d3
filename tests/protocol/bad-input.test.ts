import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { census } from '../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { notJsonRpc, notLogLines, RawClient, type Outcome } from '../support/raw-client.js';

let database: TestDatabase;
let client: RawClient;
let before: Record<string, number>;

beforeAll(async () => {
  database = await freshDatabase();
  client = await RawClient.start(database);
  before = await census(database);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** Words of libraries, of SQL, of the file system and of stack traces. */
const NOT_FOR_CALLERS =
  /prisma|zod|pglite|invocation|\bexpected\b|\breceived\b|invalid_|Invalid (?:input|option|key)|Too (?:small|big)|SELECT |INSERT |UPDATE |FROM |node_modules|\/(?:work|tmp|home|usr)\/|\.(?:js|ts):\d|\n\s+at /;

function expectRefusal(outcome: Outcome, code: string, names: string | RegExp): void {
  expect(outcome.text).toMatch(names);
  expect(outcome.code).toBe(code);
  expect(outcome.text).not.toMatch(NOT_FOR_CALLERS);
  expect(outcome.text.length).toBeLessThan(1000);
}

const nestedObjects = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
const user = (fields: object) => ({ username: 'somebody', email: 'somebody@example.com', ...fields });

const UNSEEN = ['turn\u202Ed', 'zero\u200Bwidth', 'tab\there', 'two\nlines'];
const NO_NAMES = ['', '   ', 'x'.repeat(61), '<b>bold</b>', "Sales'; DROP TABLE users; --", '-dash', 7];
const NO_USERNAMES = [
  'ab',
  'a'.repeat(51),
  '',
  'Екатерина',
  'аnnа',
  'ann_😀',
  "o'brien",
  12345,
  ['ann'],
  null,
];
const NO_EMAILS = ['', '@example.com', 'ann@', 'a@b', 'a b@example.com', `${'a'.repeat(250)}@example.com`, 7];
const TWO_EMAILS = [
  'ann@example.com,bob@example.com',
  'Ann <ann@example.com>',
  'ann@example.com\nBcc: bob@b.example',
];
const NO_CURSORS = ['x', 'AAAA', '!!!!', '💥', "' OR 1=1 --", 'A'.repeat(200), 'A'.repeat(201), ''];

/** Text that is no number for certain. */
const NO_NUMBERS = [
  '',
  ' ',
  '1e1',
  ' 5',
  '5 ',
  '+5',
  '05',
  '0x5',
  '5_0',
  '5,0',
  '2.5',
  '-1',
  'five',
  '٥',
  'Infinity',
];

/** The tools that take the id of a user, with its argument and the others that they need. */
const OF_A_USER: [tool: string, argument: string, others: object][] = [
  ['get_user', 'id', {}],
  ['get_user_history', 'user_id', {}],
  ['get_user_preferences', 'user_id', {}],
  ['transfer_user', 'user_id', { new_department: 'Sales' }],
  ['set_user_active', 'user_id', { active: false }],
  ['set_user_role', 'user_id', { role: 'Tester' }],
  ['update_user_preferences', 'user_id', { preferences: { a: 1 } }],
];

/** The values that an argument does not take. */
const REFUSED: [tool: string, argument: string, others: object, values: unknown[]][] = [
  ['create_user', 'username', user({}), [...NO_USERNAMES, ...UNSEEN, "'; DROP TABLE users; --", 'ann smith']],
  ['create_user', 'email', user({}), [...NO_EMAILS, ...TWO_EMAILS, 'mailto:ann@example.com']],
  ['create_user', 'department', user({}), [...NO_NAMES, ...UNSEEN]],
  ['create_user', 'role', user({}), [...NO_NAMES, ...UNSEEN]],
  ['create_department', 'name', {}, [...NO_NAMES, ...UNSEEN, null]],
  ['set_user_active', 'active', { user_id: 1 }, ['no', 'False', '', 0, null]],
  ['list_recent_users', 'limit', {}, [0, -1, 101, 1e9, 2.5, true, [20], ...NO_NUMBERS]],
  ['find_users', 'limit', {}, [0, 101]],
  ['get_user_history', 'limit', { user_id: 1 }, [0, 101]],
  ['find_users', 'page', {}, [0, -1, 1.5, 1_000_001, ...NO_NUMBERS]],
  ['find_users', 'cursor', {}, NO_CURSORS],
  ['get_user_history', 'cursor', { user_id: 1 }, NO_CURSORS],
  ['find_users', 'search', {}, ['a', 'ab _ %', '%%%', '___', '\\', "' --", '   ', '', 'x'.repeat(101)]],
  ['find_users', 'active', {}, ['yes', 'TRUE', ' true', '1', '']],
  ['find_users', 'department', {}, ['']],
  ['get_user', 'username', {}, [' ']],
  ['update_user_preferences', 'preferences', { user_id: 1 }, ['text', ['a'], 7, null, true]],
];

describe('an argument', () => {
  it.each(REFUSED)('of %s is named when its value is refused: %s', async (tool, argument, others, values) => {
    for (const value of values) {
      const outcome = await client.call(tool, { ...others, [argument]: value });
      expectRefusal(outcome, 'VALIDATION', `VALIDATION: ${argument}: `);
    }
  });

  it.each(OF_A_USER)(
    'of %s that is the id of nobody, or none at all, is named',
    async (tool, argument, others) => {
      const outcome = await client.call(tool, { ...others, [argument]: 2 ** 31 - 1 });
      expectRefusal(outcome, 'NOT_FOUND', /no user with id 2147483647.*find_users/);
      for (const id of [2 ** 31, 2 ** 32 + 1, 1e300, 0, -1, 1.5, {}, ...NO_NUMBERS]) {
        const refused = await client.call(tool, { ...others, [argument]: id });
        expectRefusal(refused, 'VALIDATION', `VALIDATION: ${argument}: must be `);
      }
    },
  );

  it.each([
    ['create_user', user({ department: 'Enginering' }), '"Engineering"'],
    ['transfer_user', { user_id: 1, new_department: 'sails' }, '"Sales"'],
    ['find_users', { department: 'Finanse' }, '"Finance"'],
  ])('of %s that is no department is NOT_FOUND, with the nearest ones', async (tool, args, nearest) => {
    const outcome = await client.call(tool, args);
    expectRefusal(outcome, 'NOT_FOUND', /no department named ".*Nearest: .*list_departments/);
    expect(outcome.text).toContain(nearest);
  });

  it.each([
    ['create_user', {}, /username: is missing.*email: is missing/],
    ['get_user', {}, /give exactly one of id, username, email and search/],
    ['get_user', { id: 1, username: 'ada' }, /give exactly one of id/],
    ['get_user', { username: 'ada_abbott', email: 'ada.abbott@example.com' }, /give exactly one of id/],
    ['transfer_user', { user_id: 1 }, /new_department: is missing/],
    ['set_user_active', { user_id: 1 }, /active: is missing/],
    ['set_user_role', { role: 'Tester' }, /user_id: is missing/],
    ['update_user_preferences', { user_id: 1 }, /preferences: is missing/],
    ['find_users', { page: 2, cursor: 'x' }, /give either page or cursor/],
    ['find_users', { search: 'ab _ %' }, /search: give at least one word with 3/],
    ['find_users', { departement: 'Sales' }, /unknown argument "departement".*Arguments: department,/],
    ['list_departments', { verbose: true }, /unknown argument "verbose".*It takes no arguments/],
    ['list_recent_users', { Limit: 5 }, 'unknown argument "Limit"'],
    ['create_user', user({ actor: 'the boss' }), 'unknown argument "actor"'],
    ['set_user_active', { user_id: 1, active: false, where: { id: { gt: 0 } } }, 'unknown argument "where"'],
  ])('of %s that is missing, unfit or unknown is named: %j', async (tool, args, names) => {
    expectRefusal(await client.call(tool, args), 'VALIDATION', names);
  });
});

describe('arguments', () => {
  it.each([
    ['a lone high surrogate', String.raw`"\ud800"`],
    ['a lone low surrogate', String.raw`"ann\udc00"`],
    ['surrogates the wrong way round', String.raw`"\udc00\ud800"`],
    ['a null character', String.raw`"ann\u0000"`],
  ])('with %s, which PostgreSQL cannot store, are refused anywhere', async (_, text) => {
    for (const [tool, json] of [
      ['create_user', `{"username":"somebody","email":"a@example.com","role":${text}}`],
      ['find_users', `{"cursor":${text}}`],
      ['update_user_preferences', `{"user_id":1,"preferences":{"deep":[{"er":${text}}]}}`],
      ['update_user_preferences', `{"user_id":1,"preferences":{${text}:1}}`],
    ] as const) {
      expectRefusal(
        await client.callWithText(tool, json),
        'VALIDATION',
        /null characters or unpaired surrogates/,
      );
    }
  });

  it.each([
    [
      'create_user',
      '{"username":"proto_user","email":"p@example.com","__proto__":{"role":"Boss"}}',
      /__proto__/,
    ],
    ['list_departments', '{"__proto__":null}', /__proto__/],
    [
      'update_user_preferences',
      '{"user_id":1,"preferences":{"a":[{"__proto__":{"polluted":1}}]}}',
      /__proto__/,
    ],
    ['list_recent_users', '{"limit":1e999}', /limit: /],
    ['list_recent_users', '"limit=5"', /arguments.*JSON object/],
    ['list_recent_users', '5', /arguments.*JSON object/],
    ['list_recent_users', '[5]', /arguments.*JSON object/],
    ['list_departments', `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, /nested too deeply/],
    ['update_user_preferences', `{"user_id":1,"preferences":${nestedObjects(1e5)}}`, /nested too deeply/],
    ['update_user_preferences', `{"user_id":1,"preferences":${nestedObjects(6)}}`, /preferences: .*5 levels/],
  ])('of %s that no honest client sends are refused', async (tool, json, says) => {
    expectRefusal(await client.callWithText(tool, json), 'VALIDATION', says);
  });

  it('of 5 MB, or 50,000 of them, are refused without being repeated', async () => {
    const large = 'x'.repeat(5 * 1024 * 1024);
    const many = Object.fromEntries(
      Array.from({ length: 50_000 }, (_, index) => [`argument_${index}`, index]),
    );
    for (const [tool, args, says] of [
      ['create_user', user({ username: large }), /username: /],
      ['update_user_preferences', { user_id: 1, preferences: { large } }, /preferences: .*16 KiB/],
      ['list_departments', { [large]: 1 }, /unknown argument "xxx/],
      ['create_user', many, /unknown argument/],
    ] as const) {
      expectRefusal(await client.call(tool, args), 'VALIDATION', says);
    }
  });
});

it.each([
  ['unknown', 'drop_database'],
  ['of another case', 'Get_User'],
  ["of an object's prototype", 'constructor'],
  ['a number', 7],
  ['null', null],
  ['very long', 'x'.repeat(100_000)],
])('a tool whose name is %s is NOT_FOUND, with the names of those there are', async (_, unknown) => {
  const outcome = await client.call(unknown as string);
  expectRefusal(outcome, 'NOT_FOUND', /^NOT_FOUND: There is no tool of this name\..*create_user/);
});

const USER = 'directory://users/{id}';
const ID = { name: 'id', value: '' };
const PROMPT = { type: 'ref/prompt', name: 'onboard_user' };
const LISTS = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'];

it.each([
  ...LISTS.map((list): [string, object, RegExp] => [list, { cursor: 'x' }, /^VALIDATION: cursor: /]),
  ['tools/list', { cursor: 5 }, /^VALIDATION: cursor: /],
  ['resources/read', { uri: 5 }, /^NOT_FOUND: /],
  ['resources/read', { uri: 'directory://users/ada' }, /^VALIDATION: id: /],
  ['prompts/get', { name: 'onboard_user', arguments: { username: 'x' } }, /^VALIDATION: username: .*email: /],
  ['prompts/get', { name: 'department_report', arguments: 'Sales' }, /^VALIDATION: arguments/],
  ['completion/complete', {}, /^VALIDATION: ref: /],
  ['completion/complete', { ref: null, argument: null }, /^VALIDATION: ref: /],
  ['completion/complete', { ref: { type: 'ref/tool', name: 'find_users' } }, /^VALIDATION: ref: /],
  ['completion/complete', { ref: { type: 'ref/tool', uri: USER }, argument: ID }, /^VALIDATION: ref: /],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'nowhere' } },
    /^NOT_FOUND: .*resource template/,
  ],
  [
    'completion/complete',
    { ref: PROMPT, argument: { name: 'role', value: null } },
    /^VALIDATION: argument: /,
  ],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'onboard_user' } }, /^VALIDATION: argument: /],
])('%s with %j is refused', async (method, params, says) => {
  const { error } = await client.request(method, params);
  expect(error?.message).toMatch(says);
  expect([-32602, -32002]).toContain(error?.code);
  expect(error?.message).not.toMatch(NOT_FOR_CALLERS);
});

it('after all of it the server still answers, and nothing was written', async () => {
  expect((await client.call('list_recent_users', { limit: 1 })).code).toBeUndefined();
  expect(await census(database)).toEqual(before);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(notJsonRpc(client.lines)).toEqual([]);
  await client.end();
  expect(notLogLines(client.stderr())).toEqual([]);
});
