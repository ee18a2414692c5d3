import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BothTransports, type Ask } from '../support/both-transports.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import type { HttpRequest } from '../support/http.js';
import { claims, MODERN, standardHeaders } from '../support/modern.js';
import { expectValid, type Revision } from '../support/specification.js';

/** One server serves both eras of MCP, request by request: docs/protocol.md has what differs. */

let database: TestDatabase;
let both: BothTransports;

beforeAll(async () => {
  database = await freshDatabase();
  both = await BothTransports.start(database);
});

afterAll(async () => {
  await both.stop();
  await database.drop();
});

const GREETING = { capabilities: {}, clientInfo: { name: 'tests', version: '1' } };
const LEGACY: Revision[] = ['2025-03-26', '2025-06-18', '2025-11-25'];
const TRANSPORTS = ['stdio', 'HTTP'] as const;
const NOBODY = 'directory://users/987654';

/** Methods that both eras have, and what the schemas call their results. */
const SHARED: [definition: string, method: string, params: Record<string, unknown>][] = [
  ['ListToolsResult', 'tools/list', {}],
  ['ListResourcesResult', 'resources/list', {}],
  ['ListResourceTemplatesResult', 'resources/templates/list', {}],
  ['ListPromptsResult', 'prompts/list', {}],
  ['CallToolResult', 'tools/call', { name: 'find_users', arguments: { search: 'a' } }],
  ['CallToolResult', 'tools/call', { name: 'get_user', arguments: { email: 'nobody@example.com' } }],
  ['ReadResourceResult', 'resources/read', { uri: 'directory://users/1' }],
  ['GetPromptResult', 'prompts/get', { name: 'department_report', arguments: { department: 'Engineering' } }],
  [
    'CompleteResult',
    'completion/complete',
    {
      ref: { type: 'ref/prompt', name: 'department_report' },
      argument: { name: 'department', value: 'E' },
    },
  ],
];

async function expectValidResults(ask: Ask, revision: Revision): Promise<void> {
  for (const [definition, method, params] of SHARED) {
    const { result } = await ask(method, params, revision);
    expect([method, result !== undefined]).toEqual([method, true]);
    expectValid(revision, definition, result);
  }
}

async function toolNames(ask: Ask): Promise<string[]> {
  const { result = {} } = await ask('tools/list');
  return (result['tools'] as { name: string }[]).map(({ name }) => name);
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  it.each(LEGACY)(
    '%s: every result is what its schema says, and says nothing of the other era',
    async (revision) => {
      const ask = both.askLegacy(transport);
      const greeted = await ask('initialize', { ...GREETING, protocolVersion: revision }, revision);
      expectValid(revision, 'InitializeResult', greeted.result);
      expect(greeted.result).toMatchObject({ protocolVersion: revision });
      await expectValidResults(ask, revision);
      for (const [, method, params] of SHARED) {
        const { result = {} } = await ask(method, params, revision);
        for (const key of ['resultType', 'ttlMs', 'cacheScope']) expect(result).not.toHaveProperty(key);
        expect(result['_meta'] ?? {}).not.toHaveProperty('io.modelcontextprotocol/serverInfo');
      }
    },
  );

  it('2026-07-28: every result is what its schema says, complete, and names the server', async () => {
    const ask = both.askModern(transport);
    await expectValidResults(ask, MODERN);
    for (const [, method, params] of SHARED) {
      const { result } = await ask(method, params);
      expect(result).toMatchObject({
        resultType: 'complete',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'steward', version: expect.any(String) } },
      });
    }
  });

  it('server/discover names all versions, the capabilities without subscriptions, and may be cached by anybody', async () => {
    const { result } = await both.askModern(transport)('server/discover');
    expectValid(MODERN, 'DiscoverResult', result);
    expect(result).toMatchObject({
      supportedVersions: [
        MODERN,
        '2025-11-25',
        '2025-06-18',
        '2025-03-26',
        expect.any(String),
        expect.any(String),
      ],
      capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
      cacheScope: 'public',
    });
  });

  it('a list is private, as it shows what the caller may use; a row is never fresh', async () => {
    const ask = both.askModern(transport);
    for (const [, method, params] of SHARED.filter(([, name]) => name.endsWith('/list')))
      expect((await ask(method, params)).result).toMatchObject({ ttlMs: 60_000, cacheScope: 'private' });
    const read = await ask('resources/read', { uri: 'directory://users/1' });
    expect(read.result).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    expect((await ask('tools/call', { name: 'list_departments' })).result).not.toHaveProperty('ttlMs');
  });

  it('the tools are listed in the same order each time, in both eras', async () => {
    const first = await toolNames(both.askModern(transport));
    expect(first.length).toBeGreaterThan(5);
    expect(await toolNames(both.askModern(transport))).toEqual(first);
    expect(await toolNames(both.askLegacy(transport))).toEqual(first);
  });

  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'subscriptions/listen',
    'no/such',
  ])('2026-07-28 has no %s', async (method) => {
    const { error } = await both.askModern(transport)(method, { ...GREETING, protocolVersion: '2025-11-25' });
    expect(error).toMatchObject({ code: -32601, data: { code: 'NOT_FOUND' } });
  });

  it('2025-11-25 has no server/discover: to ask it is to be of the other era', async () => {
    const { error } = await both.askLegacy(transport)('server/discover');
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('protocolVersion') });
  });

  it.each([
    ['a resource that does not exist', 'resources/read', { uri: NOBODY }, -32002, -32602, { uri: NOBODY }],
    [
      'an address that leads nowhere',
      'resources/read',
      { uri: 'no://where' },
      -32002,
      -32602,
      { uri: 'no://where' },
    ],
    ['a prompt that does not exist', 'prompts/get', { name: 'none' }, -32602, -32602, {}],
  ])('%s has a code of its era', async (_what, method, params, legacy, modern, data) => {
    const before = await both.askLegacy(transport)(method, params);
    expect(before.error).toMatchObject({ code: legacy, data: { code: 'NOT_FOUND' } });
    const now = await both.askModern(transport)(method, params);
    expect(now.error).toMatchObject({ code: modern, data: { code: 'NOT_FOUND', ...data } });
    expectValid(MODERN, 'InvalidParamsError', now.error);
  });

  it('an unknown tool is told to the model before, and is an error of the protocol from 2026-07-28 on', async () => {
    const before = await both.askLegacy(transport)('tools/call', { name: 'none' });
    expect(before.result).toMatchObject({ isError: true });
    const now = await both.askModern(transport)('tools/call', { name: 'none' });
    expect(now.error).toMatchObject({ code: -32602, data: { code: 'NOT_FOUND' } });
  });

  it('both eras are answered one after the other, and at once', async () => {
    const legacy = both.askLegacy(transport);
    const modern = both.askModern(transport);
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? legacy : modern)('tools/call', { name: 'list_departments' }),
      ),
    );
    asked.forEach(({ result }, at) =>
      expect(result?.['resultType']).toBe(at % 2 === 0 ? undefined : 'complete'),
    );
    expect((await legacy('ping')).result).toEqual({});
    expect((await modern('ping')).error).toMatchObject({ code: -32601 });
    expect((await legacy('ping')).result).toEqual({});
  });
});

function without(key: string): Record<string, unknown> {
  const { [key]: _, ...rest } = claims();
  return rest;
}

describe('what a request says of itself', () => {
  const VERSION = 'io.modelcontextprotocol/protocolVersion';
  const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
  const CLIENT = 'io.modelcontextprotocol/clientInfo';

  /** With a version in the header, a request without a claim is of the modern era, too; over stdio it cannot be told. */
  it.each([
    ['no _meta', undefined, -32602, /protocolVersion/],
    ['a _meta that is text', 'x', -32602, /_meta/],
    ['a _meta that is a list', [1], -32602, /_meta/],
    ['no version', without(VERSION), -32602, /protocolVersion/],
  ])('over HTTP: %s is refused with 400', async (_what, meta, code, says) => {
    const headers = standardHeaders('tools/list');
    const { status, json } = await both.http.request('tools/list', { _meta: meta }, { headers });
    expect({ status, code: json?.error?.code, id: json?.id }).toEqual({ status: 400, code, id: 1 });
    expect(json?.error?.message).toMatch(says);
  });

  it.each([
    ['a version that is a number', { ...claims(), [VERSION]: 20260728 }, /protocolVersion/],
    ['a version that is a list', { ...claims(), [VERSION]: [MODERN] }, /protocolVersion/],
    ['no capabilities', without(CAPABILITIES), /clientCapabilities/],
    ['capabilities that are null', { ...claims(), [CAPABILITIES]: null }, /clientCapabilities/],
    ['capabilities that are text', { ...claims(), [CAPABILITIES]: 'all' }, /clientCapabilities/],
    ['capabilities that are a list', { ...claims(), [CAPABILITIES]: ['roots'] }, /clientCapabilities/],
    ['a client that is text', { ...claims(), [CLIENT]: 'me' }, /clientInfo/],
    ['a client without a version', { ...claims(), [CLIENT]: { name: 'me' } }, /clientInfo/],
  ])('%s is refused over both transports', async (_what, meta, says) => {
    const headers = standardHeaders('tools/list');
    const overHttp = await both.http.request('tools/list', { _meta: meta }, { headers });
    expect(overHttp.status).toBe(400);
    for (const { error } of [overHttp.json ?? {}, await both.stdio.request('tools/list', { _meta: meta })]) {
      expect(error).toMatchObject({ code: -32602, data: { code: 'VALIDATION' } });
      expect(error?.message).toMatch(says);
    }
  });

  it('may leave the client out, and have an empty list for no capabilities, as PHP writes it', async () => {
    for (const meta of [without(CLIENT), { ...claims(), [CAPABILITIES]: [] }]) {
      const headers = standardHeaders('tools/list');
      expect(await both.http.request('tools/list', { _meta: meta }, { headers })).toMatchObject({
        status: 200,
      });
      expect((await both.stdio.request('tools/list', { _meta: meta })).error).toBeUndefined();
    }
  });

  it.each(['2027-01-01', '2025-11-25', '1900-01-01', '', '__proto__', 'v999.0.0'])(
    'a version that is not served so is refused with those that are: %j',
    async (version) => {
      const asked = { _meta: claims({}, version) };
      const headers = { ...standardHeaders('tools/list'), 'mcp-protocol-version': version };
      const overHttp = await both.http.request('tools/list', asked, { headers });
      expect(overHttp).toMatchObject({ status: 400, json: { id: 1 } });
      for (const answer of [overHttp.json ?? {}, await both.stdio.request('tools/list', asked)]) {
        expect(answer.error).toMatchObject({ code: -32022, data: { requested: version } });
        expect(answer.error?.data?.['supported']).toContain(MODERN);
        expectValid(MODERN, 'UnsupportedProtocolVersionError', answer);
      }
    },
  );

  it('a version to come is refused with those that are served, wherever else its requests may say it', async () => {
    const headers = { 'mcp-protocol-version': '2031-01-01' };
    // Nor need they be well-formed by today's schema.
    for (const params of [{}, { _meta: 'elsewhere' }, { cursor: 1, _meta: { progressToken: {} } }]) {
      const { status, json } = await both.http.request('tools/list', params, { headers });
      expect({ status, id: json?.id }).toEqual({ status: 400, id: 1 });
      expect(json?.error).toMatchObject({ code: -32022, data: { requested: '2031-01-01' } });
      expectValid(MODERN, 'UnsupportedProtocolVersionError', json);
    }
    const greeted = await both.http.request('initialize', { capabilities: 1 }, { headers });
    expect(greeted.json?.error).toMatchObject({ code: -32602 });
    const answered = await both.http.send({ body: '{"jsonrpc":"2.0","id":1,"result":5}', headers });
    expect(answered.json).toMatchObject({ error: { code: -32600 } });
  });

  it('a batch holds no request of 2026-07-28', async () => {
    const item = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: claims() } };
    for (const version of ['2025-03-26', MODERN]) {
      const headers = { ...standardHeaders('tools/list'), 'mcp-protocol-version': version };
      const answer = await both.http.send({ body: JSON.stringify([item]), headers });
      expect(answer).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
    }
  });
});

describe('over one HTTP connection', () => {
  it('requests of both eras come behind each other', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const modern: HttpRequest = { headers: standardHeaders('tools/list'), agent };
    for (let round = 0; round < 3; round += 1) {
      const now = await both.http.request('tools/list', { _meta: claims() }, modern);
      expect(now.json?.result).toMatchObject({ resultType: 'complete' });
      const before = await both.http.request('tools/list', {}, { agent });
      expect(before.json?.result).not.toHaveProperty('resultType');
    }
    agent.destroy();
  });
});
