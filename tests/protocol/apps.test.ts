import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SHOWS_PAGES } from '../support/apps.mjs';
import { BothTransports, type Ask, type JsonRpc } from '../support/both-transports.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { claims, MODERN, standardHeaders } from '../support/modern.js';
import { RawClient } from '../support/raw-client.js';
import { expectValid } from '../support/specification.js';

/** MCP Apps 2026-01-26: a page shows answers, in clients that say that they show pages. */

const PAGE = 'ui://steward/answer.html';

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

interface Listed {
  name: string;
  _meta?: object;
}

async function toolsOf(ask: Ask): Promise<Listed[]> {
  const { result = {} } = await ask('tools/list');
  return result['tools'] as Listed[];
}

async function namesWithPage(ask: Ask): Promise<string[]> {
  return (await toolsOf(ask)).filter(({ _meta }) => _meta).map(({ name }) => name);
}

const call: [string, Record<string, unknown>] = ['tools/call', { name: 'list_departments' }];

describe.each(['stdio', 'HTTP'] as const)('over %s', (transport) => {
  it('a client that shows pages finds the page with the tool, and every other the list as it was', async () => {
    const plain = await toolsOf(both.askModern(transport));
    expect(JSON.stringify(plain)).not.toMatch(/"_meta"|ui:/);
    expect(JSON.stringify(await toolsOf(both.askLegacy(transport)))).toBe(JSON.stringify(plain));
    const shown = await toolsOf(both.askModern(transport, SHOWS_PAGES));
    expect(shown.filter(({ _meta }) => _meta)).toMatchObject([
      { name: 'list_departments', _meta: { ui: { resourceUri: PAGE } } },
    ]);
    for (const tool of shown) delete tool._meta;
    expect(shown).toEqual(plain);
  });

  it.each([
    ['no type', {}],
    ['other types', { mimeTypes: ['text/html'] }],
    ['a text', { mimeTypes: 'text/html;profile=mcp-app' }],
    ['null', null],
  ])('a client that names %s shows no pages', async (_what, settings) => {
    const ask = both.askModern(transport, { extensions: { 'io.modelcontextprotocol/ui': settings } });
    expect(await namesWithPage(ask)).toEqual([]);
  });

  it('an answer has what the page needs besides, beside a text and data that stay as they are', async () => {
    const { result: plain = {} } = await both.askModern(transport)(...call);
    const { result: shown = {} } = await both.askModern(transport, SHOWS_PAGES)(...call);
    expectValid(MODERN, 'CallToolResult', shown);
    expect(plain['_meta']).not.toHaveProperty(['steward/shown']);
    expect(shown['_meta']).toEqual({
      ...(plain['_meta'] as object),
      'steward/shown': { chart: { labels: ['name'], values: ['active', 'inactive'], overTime: false } },
    });
    expect([shown['content'], shown['structuredContent']]).toEqual([
      plain['content'],
      plain['structuredContent'],
    ]);
  });

  it('the page is a resource of its own type, which asks for no domain and is in no list', async () => {
    const ask = both.askModern(transport, SHOWS_PAGES);
    const { result = {} } = await ask('resources/read', { uri: PAGE });
    expectValid(MODERN, 'ReadResourceResult', result);
    expect(result['contents']).toEqual([
      {
        uri: PAGE,
        mimeType: 'text/html;profile=mcp-app',
        text: expect.stringMatching(/^<!doctype html>[^]*default-src 'none'/),
        _meta: { ui: { csp: { connectDomains: [], resourceDomains: [] } } },
      },
    ]);
    const [{ text }] = result['contents'] as [{ text: string }];
    expect(text.length).toBeLessThan(45_000);
    for (const method of ['resources/list', 'resources/templates/list'])
      expect(JSON.stringify((await ask(method)).result)).not.toContain('ui:');
  });

  it('server/discover names the extension', async () => {
    const { result } = await both.askModern(transport)('server/discover');
    expectValid(MODERN, 'DiscoverResult', result);
    expect(result).toMatchObject({ capabilities: { extensions: { 'io.modelcontextprotocol/ui': {} } } });
  });
});

const clientInfo = { name: 'tests', version: '1' };
const greetingOf = (capabilities: object) => ({ protocolVersion: '2025-11-25', capabilities, clientInfo });

it('over stdio, a client of an older revision says it once, in its greeting', async () => {
  const client = new RawClient(database.env);
  const ask: Ask = (method, params) => client.request(method, params);
  try {
    const { result: greeted } = await ask('initialize', greetingOf(SHOWS_PAGES));
    expectValid('2025-11-25', 'InitializeResult', greeted);
    expect(await namesWithPage(ask)).toEqual(['list_departments']);
    const { result } = await ask(...call);
    expectValid('2025-11-25', 'CallToolResult', result);
    expect(result?.['_meta']).toHaveProperty(['steward/shown']);
    await ask('initialize', greetingOf({}));
    expect(await namesWithPage(ask)).toEqual([]);
  } finally {
    await client.end();
  }
});

async function sessionOf(capabilities: object): Promise<string> {
  const { headers } = await both.http.request('initialize', greetingOf(capabilities));
  const id = headers['mcp-session-id'];
  if (typeof id !== 'string') throw new Error('The answer to the greeting has no session id');
  return id;
}

const askingWith =
  (id: string): Ask =>
  async (method, params) =>
    (await both.http.request(method, params, { headers: { 'mcp-session-id': id } })).json as JsonRpc;

describe('over HTTP, a client of an older revision', () => {
  it('is given a session id of its own, which says whether it shows pages', async () => {
    const [one, other] = [await sessionOf(SHOWS_PAGES), await sessionOf(SHOWS_PAGES)];
    expect(one).not.toBe(other);
    expect(one).toMatch(/^[\x21-\x7e]+$/);
    expect(await namesWithPage(askingWith(one))).toEqual(['list_departments']);
    for (const without of [await sessionOf({}), 'an id of another server'])
      expect(await namesWithPage(askingWith(without))).toEqual([]);
  });

  it('is given it with the answer to its greeting alone', async () => {
    const id = { 'mcp-session-id': await sessionOf(SHOWS_PAGES) };
    for (const [method, params, headers] of [
      ['ping', {}, id],
      ['initialize', {}, {}],
      ['server/discover', { _meta: claims() }, standardHeaders('server/discover')],
      ['initialize', { ...greetingOf({}), _meta: claims() }, standardHeaders('initialize')],
    ] as const) {
      const answer = await both.http.request(method, params, { headers });
      expect(answer.json?.error === undefined).toBe(method === 'ping' || method === 'server/discover');
      expect(answer.headers).not.toHaveProperty('mcp-session-id');
    }
  });
});
