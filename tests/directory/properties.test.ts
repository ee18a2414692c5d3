import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import fc from 'fast-check';
import { ERROR_CODES } from '../../src/errors.js';
import { brokenRules, census } from '../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { notJsonRpc, notLogLines, RawClient, type Outcome } from '../support/raw-client.js';

const RUNS = { numRuns: 150, seed: 20261123 };

let database: TestDatabase;
let client: RawClient;
let tools: Tool[];
let before: Record<string, number>;

beforeAll(async () => {
  database = await freshDatabase();
  client = await RawClient.start(database);
  tools = (await client.request('tools/list')).result?.['tools'] as Tool[];
  before = await census(database);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** A few values come up again and again, so that calls meet each other's users. */
const username = fc.constantFrom('ann_smith', 'ANN_SMITH', 'bob_1', 'carla', 'ada_abbott', 'x_y');
const userId = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
  fc.integer({ min: 1, max: 230 }),
);
const department = fc.constantFrom('General', 'sales', 'Engineering', 'Finance', 'Zoo', ' Zoo ', 'Atlantis');
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom("'; DROP TABLE users; --", '%', ''),
);
const garbage = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(0, -1, 2 ** 31, 2 ** 53, 1e300, 0.5),
  fc.constantFrom<unknown>(null, true, [], {}, 'null'),
);

/** Valid values of an argument, by its name. */
const HONEST: Record<string, fc.Arbitrary<unknown>> = {
  id: userId,
  user_id: userId,
  username,
  email: fc.oneof(
    username.map((name) => `${name}@example.com`),
    fc.emailAddress(),
  ),
  department,
  new_department: department,
  name: fc.oneof(department, text),
  role: fc.constantFrom('Developer', 'developer', 'Tester', 'Analyst', 'Rôle neuf'),
  active: fc.boolean(),
  search: fc.oneof(username, fc.constantFrom('ann', 'example', 'a_', 'smith ada', '%%%')),
  limit: fc.integer({ min: 1, max: 100 }),
  page: fc.integer({ min: 1, max: 50 }),
  cursor: fc.base64String({ maxLength: 40 }),
  preferences: fc.dictionary(
    fc.oneof(fc.constantFrom('theme', 'language', 'a', 'constructor', 'toString'), fc.string()),
    fc.jsonValue({ maxDepth: 3 }),
    { maxKeys: 4 },
  ),
};

/** Arguments for a tool: most of them as they should be, some missing, some garbage, now and then one too many. */
function argumentsOf({ inputSchema }: Tool): fc.Arbitrary<unknown> {
  const fields = Object.keys(inputSchema.properties ?? {}).map((name) => {
    const honest = HONEST[name] ?? garbage;
    const some = fc.oneof(
      { weight: 12, arbitrary: honest },
      { weight: 1, arbitrary: garbage },
      { weight: 1, arbitrary: text },
    );
    return [name, some] as const;
  });
  const record = fc.record(Object.fromEntries(fields), { requiredKeys: inputSchema.required ?? [] });
  const lacking = fc.record(Object.fromEntries(fields), { requiredKeys: [] });
  const crowded = fc
    .tuple(record, fc.string(), garbage)
    .map(([args, name, value]) => ({ ...args, [name]: value }));
  return fc.oneof(
    { weight: 12, arbitrary: record },
    { weight: 3, arbitrary: lacking },
    { weight: 1, arbitrary: crowded },
    { weight: 1, arbitrary: garbage },
  );
}

const ajv = new AjvJsonSchemaValidator();

function expectAnswerOrCodedError({ outputSchema }: Tool, { code, data, text: shown }: Outcome): void {
  if (code !== undefined) {
    expect(ERROR_CODES.filter((known) => known !== 'INTERNAL')).toContain(code);
    return;
  }
  expect(ajv.getValidator(outputSchema as Record<string, unknown>)(data)).toMatchObject({ valid: true });
  expect(shown).not.toBe('');
}

it('answers any arguments of any tool by its output schema, or with a code', async () => {
  for (const tool of tools) {
    const property = fc.asyncProperty(argumentsOf(tool), async (args) => {
      expectAnswerOrCodedError(tool, await client.call(tool.name, args));
    });
    await fc.assert(property, RUNS);
  }
});

it('answers any mix of calls at once, and each one of them', async () => {
  const anyCall = fc.constantFrom(...tools).chain((tool) => fc.tuple(fc.constant(tool), argumentsOf(tool)));
  const property = fc.asyncProperty(fc.array(anyCall, { minLength: 2, maxLength: 12 }), async (calls) => {
    const outcomes = await Promise.all(calls.map(([tool, args]) => client.call(tool.name, args)));
    calls.forEach(([tool], index) => expectAnswerOrCodedError(tool, outcomes[index] as Outcome));
  });
  await fc.assert(property, { ...RUNS, numRuns: 40 });
});

it('reads any resource address, and completes anything, or says what is wrong with it', async () => {
  const variables = fc.webQueryParameters();
  const address = fc.oneof(
    fc.webUrl(),
    fc.string(),
    fc
      .tuple(fc.constantFrom('users', 'users/recent', 'users/1/history', 'departments'), variables)
      .map(([path, query]) => `directory://${path}?${query}`),
    fc.string({ maxLength: 20 }).map((id) => `directory://users/${id}`),
  );
  const property = fc.asyncProperty(address, text, async (uri, value) => {
    const read = await client.request('resources/read', { uri });
    if (read.error) expect(ERROR_CODES).toContain(read.error.data?.['code']);
    else expect(read.result?.['contents']).toHaveLength(1);
    const ref = { type: 'ref/prompt', name: 'onboard_user' };
    const completed = await client.request('completion/complete', {
      ref,
      argument: { name: 'department', value },
    });
    expect(completed.result ?? completed.error?.data).toBeDefined();
  });
  await fc.assert(property, RUNS);
});

it('has written nothing to stdout but JSON-RPC, and nothing to stderr but its log', async () => {
  await client.end();
  expect(client.lines.length).toBeGreaterThan(tools.length * RUNS.numRuns);
  expect(notJsonRpc(client.lines)).toEqual([]);
  expect(notLogLines(client.stderr())).toEqual([]);
});

it('has kept headcounts exact, audit chains unbroken and everybody on record', async () => {
  const after = await census(database);
  expect(after['users']).toBeGreaterThan(before['users'] as number);
  expect(after['changes']).toBeGreaterThan(100);
  expect(after['counted']).toBe(after['users']);
  expect(after['unrecorded']).toBe(before['unrecorded']);
  expect(await brokenRules(database)).toEqual({});
});
