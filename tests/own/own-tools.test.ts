import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAIN, ROOT, run, steward as runSteward } from '../support/command.mjs';
import type { TestDatabase } from '../support/database.js';
import { bearing, codeOf, HttpSteward } from '../support/http.js';
import { logged } from '../support/log.js';
import { startSteward, type Steward } from '../support/steward.js';

const PROGRAM = path.join(ROOT, 'tests', 'own', 'serve.mjs');
const NO_DATABASE: TestDatabase = {
  env: {},
  administration: {},
  query: async () => [],
  disconnect: async () => {},
  drop: async () => {},
};

const start = (env: Record<string, string> = {}) =>
  startSteward({ database: NO_DATABASE, command: [PROGRAM], env });

describe('tools of a program, served with `serve` of steward-mcp', () => {
  let steward: Steward;
  beforeAll(async () => {
    steward = await start();
  });
  afterAll(() => steward.stop());

  it('are all that is served where there is no configuration', async () => {
    const { tools } = await steward.client.listTools();
    expect(tools.map(({ name, title }) => [name, title])).toEqual([
      ['times', 'Times'],
      ['who_am_i', 'Who calls'],
      ['fail', 'Fail'],
    ]);
    expect(steward.client.getInstructions()).toBe('Tools of a test.');
  });

  it("have the schemas of the program's own zod", async () => {
    const { tools } = await steward.client.listTools();
    expect(tools[0]).toMatchObject({
      inputSchema: {
        type: 'object',
        properties: {
          a: { type: 'number', exclusiveMinimum: 0, description: 'More than nothing' },
          b: { type: 'integer', maximum: 1000 },
          kind: { enum: ['plain', 'rounded'], default: 'plain' },
        },
        required: ['a'],
        additionalProperties: false,
      },
      outputSchema: { type: 'object', required: ['product', 'kind'] },
      annotations: { readOnlyHint: true },
    });
    expect(tools[1]?.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
  });

  it('answer, and what they print stays off stdout', async () => {
    expect((await steward.call('times', { a: 2.5, b: 2 })).data).toEqual({ product: 5, kind: 'plain' });
    expect(await logged(steward, 'printed by a tool', 1)).toEqual([{ message: 'printed by a tool' }]);
  });

  it('take arguments as they are meant, and refuse others in words', async () => {
    const { data } = await steward.call('times', { a: '1.4', b: null, kind: 'rounded' });
    expect(data).toEqual({ product: 1, kind: 'rounded' });
    const { text } = await steward.call('times', { a: 0, b: 1.5, kind: 'odd', c: 1 });
    expect(text).toMatch(
      /^VALIDATION: a: must be more than 0; b: must be a whole number; kind: must be one of "plain", "rounded"; unknown argument "c"\. Arguments: a, b, kind\.$/,
    );
    expect((await steward.call('times', { a: 'much' })).text).toMatch(/a: must be a number\./);
    expect((await steward.call('times', { a: 1, b: 'much' })).text).toMatch(/b: must be a whole number\./);
  });

  it('answer with what their output names and nothing else, each object under its name', async () => {
    const { content, structuredContent } = await steward.client.callTool({ name: 'who_am_i' });
    expect(structuredContent).toEqual({ caller: { name: 'tester' }, call: { name: 'who_am_i' } });
    expect(content).toMatchObject([
      { type: 'text', text: 'caller: {"name":"tester"}\ncall: {"name":"who_am_i"}' },
      { type: 'image', mimeType: 'image/png' },
    ]);
  });

  it('show the model a StewardError, and of any other error a reference into the log', async () => {
    const { text } = await steward.call('fail', { how: 'in words' });
    expect(text).toBe('CONFLICT: It is there already. Take another name.');
    // What Steward says of its own transactions, that nothing was changed, it cannot say of these.
    const broken = await steward.call('fail', { how: 'by a rule of the database', with: 'more' });
    expect(broken.text).toMatch(/^INTERNAL: Something went wrong inside the server.*reference: [\w-]+\.$/);
    const [, requestId = ''] = /reference: ([\w-]+)/.exec(broken.text) ?? [];
    const line = await steward.logOfCall(requestId);
    expect(line).toMatchObject({ outcome: 'INTERNAL', arguments: {} });
    expect(line['cause']).toContain('duplicate key');
  });

  it('may not answer what their output does not allow', async () => {
    const { text } = await steward.call('fail', { how: 'with a date' });
    const [, requestId = ''] = /^INTERNAL: .*reference: ([\w-]+)/.exec(text) ?? [];
    expect((await steward.logOfCall(requestId))['cause']).toMatch(
      /The answer of fail is not what its output says. at: .*string/,
    );
  });

  it('are left out with READ_ONLY where they change something', async () => {
    const readOnly = await start({ READ_ONLY: '1' });
    const { tools } = await readOnly.client.listTools();
    await readOnly.stop();
    expect(tools.map(({ name }) => name)).toEqual(['times', 'who_am_i']);
  });
});

describe('scopes of such tools', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-own-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('may stand in a configuration, which the command serves as if they were not there', async () => {
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    const schema = path.join(ROOT, 'examples', 'shop', 'schema.prisma');
    const content = {
      databases: { shop: { schema, url: 'postgresql://127.0.0.1:1/shop' } },
      tools: 'questions',
      questions: { orders: { description: 'How many', count: { model: 'Order' } } },
      caller: { scopes: ['records:read', 'tools:read'] },
    };
    await writeFile(STEWARD_CONFIG, JSON.stringify(content));
    const listed = await Promise.all(
      [[MAIN], [PROGRAM]].map(async (command) => {
        const server = await startSteward({ database: NO_DATABASE, command, env: { STEWARD_CONFIG } });
        const { tools } = await server.client.listTools();
        await server.stop();
        return tools.map(({ name }) => name);
      }),
    );
    expect(listed).toEqual([['orders'], ['orders', 'times', 'who_am_i']]);
  });

  it('may be those of a token, over HTTP; without a database, the server is ready', async () => {
    const env = { AUTH_TOKENS_FILE: path.join(folder, 'tokens.json') };
    const { stdout, stderr } = await runSteward(
      ['token', 'create', '--name', 'ann', '--scopes', 'tools:read'],
      env,
    );
    expect(stderr).toContain('the token of ann, for tools:read,');
    const server = await HttpSteward.start({ ...env, AUTH_MODE: 'token' }, [PROGRAM, 'http']);
    const ann = bearing(stdout.trim());
    const [times, fail, ready] = [
      await server.call('times', { a: 2 }, ann),
      await server.call('fail', { how: 'in words' }, ann),
      await server.send({ method: 'GET', path: '/ready' }),
    ];
    await server.stop();
    expect(times.json?.result).toMatchObject({ structuredContent: { product: 2 } });
    expect(codeOf(fail)).toBe('FORBIDDEN');
    expect(ready).toMatchObject({ status: 200, json: { status: 'ready' } });
  });
});

it('what cannot be served is refused at the start, with what to do', async () => {
  const config = path.join(ROOT, 'examples', 'own-tools', 'steward.config.json');
  const env = { SHOP_URL: 'postgresql://127.0.0.1:1/shop' };
  const { stdout, stderr } = await run([path.join(ROOT, 'tests', 'own', 'refused.mjs'), config], env);
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    'no list: serve needs "tools": a list of tools.',
    'another transport: serve takes as "transport" either "stdio" or "http".',
    expect.stringMatching(/^no configuration: The configuration file \/nonexistent\/steward.config.json /),
    'no tool: The tool at place 1 needs a name of letters, digits, _ and -, 64 at most, that begins with a letter.',
    'a name with a space: The tool at place 2 needs a name of letters, digits, _ and -, 64 at most, that begins with a letter.',
    'a name twice: There are two tools "count". Give one of them another name.',
    'a name of Steward\'s: There are two tools "find_records". Give one of them another name.',
    'no description: The tool count needs a description: tell the model when to use it, what it answers and what to do next.',
    'an empty title: The tool count needs words for its title, or none.',
    'no effect: The tool count needs an effect: EFFECTS.reads, EFFECTS.adds, EFFECTS.overwrites, or an object with the four hints of one.',
    'a scope that is none: The tool count needs a scope such as "orders:read", a list of such, or none.',
    'no output: The tool count needs an output made with z.object({ … }) of zod 4.2 or later; nothing may be piped behind it.',
    'a list as output: The tool count needs an output made with z.object({ … }) of zod 4.2 or later; nothing may be piped behind it.',
    expect.stringMatching(
      /^a date in the output: The tool count cannot be served: its output has "at", which cannot be written as JSON Schema \(.*Date.*\)\. MCP carries JSON: write a date or a large number as text, with z\.string\(\) or z\.iso\.datetime\(\)\.$/,
    ),
    expect.stringMatching(/^a large number in the input: The tool count .* its input has "id"/),
    'a transformed input: The tool count needs an input made with z.object({ … }) of zod 4.2 or later; nothing may be piped behind it.',
    'no handler: The tool count needs a function "handle", which makes its answer.',
    '',
  ]);
});
