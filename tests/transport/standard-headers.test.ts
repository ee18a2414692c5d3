import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { HttpSteward } from '../support/http.js';
import { claims, MODERN, standardHeaders } from '../support/modern.js';
import { expectValid } from '../support/specification.js';

/** What a proxy reads in the headers is what is done (specification 2026-07-28, basic/transports/streamable-http). */

let database: TestDatabase;
let steward: HttpSteward;

beforeAll(async () => {
  database = await freshDatabase();
  steward = await HttpSteward.start({ ...database.env, RATE_LIMIT_PER_MINUTE: '10000' });
});

afterAll(async () => {
  await steward.stop();
  await database.drop();
});

type Headers = Record<string, string | undefined>;

const LIST = 'list_departments';
const URI = 'directory://users/1';

function send(method: string, params: Record<string, unknown>, headers: Headers) {
  return steward.request(
    method,
    { ...params, _meta: claims() },
    { headers: { ...standardHeaders(method, params), ...headers } },
  );
}

const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

describe('a header that lies is refused with 400 and -32020', () => {
  it.each<[string, string, Record<string, unknown>, Headers]>([
    ['another version', 'tools/list', {}, { 'mcp-protocol-version': '2025-11-25' }],
    ['a version to come', 'tools/list', {}, { 'mcp-protocol-version': '2031-01-01' }],
    ['no version', 'tools/list', {}, { 'mcp-protocol-version': undefined }],
    ['another method', 'tools/call', { name: LIST }, { 'mcp-method': 'tools/list' }],
    ['a method in capitals', 'tools/list', {}, { 'mcp-method': 'TOOLS/LIST' }],
    ['no method', 'tools/list', {}, { 'mcp-method': undefined }],
    ['another name', 'tools/call', { name: LIST }, { 'mcp-name': 'get_user' }],
    ['no name', 'tools/call', { name: LIST }, { 'mcp-name': undefined }],
    ['a name where the body has none', 'tools/call', {}, { 'mcp-name': LIST }],
    ['another prompt', 'prompts/get', { name: 'onboard_user' }, { 'mcp-name': 'department_report' }],
    ['another address', 'resources/read', { uri: URI }, { 'mcp-name': 'directory://users/2' }],
    ['another name in Base64', 'tools/call', { name: LIST }, { 'mcp-name': base64('get_user') }],
    ['what is no Base64', 'tools/call', { name: LIST }, { 'mcp-name': '=?base64?!!!?=' }],
    [
      'Base64 with junk in it',
      'tools/call',
      { name: LIST },
      { 'mcp-name': base64(LIST).replace(/\?=$/, '!?=') },
    ],
    ['Base64 with something behind it', 'tools/call', { name: LIST }, { 'mcp-name': `${base64(LIST)}x` }],
    [
      'marks in capitals',
      'tools/call',
      { name: LIST },
      { 'mcp-name': base64(LIST).replace('base64', 'BASE64') },
    ],
    ['letters beyond ASCII as they are', 'tools/call', { name: 'caf\u00e9' }, { 'mcp-name': 'caf\u00e9' }],
    ['marks that the body has, too', 'tools/call', { name: base64('a') }, { 'mcp-name': base64('a') }],
  ])('%s', async (_what, method, params, headers) => {
    const { status, json } = await send(method, params, headers);
    expect({ status, id: json?.id }).toEqual({ status: 400, id: 1 });
    expect(json?.error).toMatchObject({ code: -32020, data: { code: 'VALIDATION' } });
    expectValid(MODERN, 'HeaderMismatchError', json);
  });

  it('and what it asked for was not done', async () => {
    const params = { name: 'create_department', arguments: { name: 'Lies' } };
    await send('tools/call', params, { 'mcp-name': LIST });
    const { text } = await steward.call(LIST);
    expect(text).not.toContain('Lies');
  });
});

describe('a header that says what the body says is answered', () => {
  it.each<[string, string, Record<string, unknown>, Headers]>([
    ['a name', 'tools/call', { name: LIST }, {}],
    ['a name in Base64', 'tools/call', { name: LIST }, { 'mcp-name': base64(LIST) }],
    ['an address', 'resources/read', { uri: URI }, {}],
    ['blanks around it', 'tools/call', { name: LIST }, { 'mcp-name': ` ${LIST} ` }],
    ['a parameter in a header that nothing names', 'tools/call', { name: LIST }, { 'mcp-param-x': 'y' }],
    ['a session that there is not', 'tools/list', {}, { 'mcp-session-id': 'x', 'last-event-id': '1' }],
  ])('%s', async (_what, method, params, headers) => {
    const { status, json } = await send(method, params, headers);
    expect(status).toBe(200);
    expect(json?.result).toMatchObject({ resultType: 'complete' });
  });

  it('a name beyond ASCII in Base64', async () => {
    const { json } = await send('tools/call', { name: 'caf\u00e9' }, { 'mcp-name': base64('caf\u00e9') });
    expect(json?.error).toMatchObject({ code: -32602, data: { code: 'NOT_FOUND' } });
  });

  it('the older eras read none of them', async () => {
    const headers = { 'mcp-method': 'tools/list', 'mcp-name': 'get_user' };
    expect(await steward.call(LIST, {}, { headers })).toMatchObject({ status: 200 });
  });
});

describe('the status says what happened to a request as a whole', () => {
  it('404 for a method that there is not', async () => {
    const { status, json } = await send('ping', {}, {});
    expect({ status, code: json?.error?.code }).toEqual({ status: 404, code: -32601 });
    expect(await steward.request('no/such')).toMatchObject({
      status: 200,
      json: { error: { code: -32601 } },
    });
  });

  it('200 for what the call found wrong', async () => {
    const { status, json } = await send('resources/read', { uri: 'no://where' }, {});
    expect({ status, code: json?.error?.code }).toEqual({ status: 200, code: -32602 });
  });

  it('405 for GET and DELETE', async () => {
    for (const method of ['GET', 'DELETE']) {
      const { status } = await steward.send({ method, headers: { 'mcp-protocol-version': MODERN } });
      expect(status).toBe(405);
    }
  });

  it('202 for a notification', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 1 },
    });
    const answer = await steward.send({ body, headers: { 'mcp-protocol-version': MODERN } });
    expect(answer).toMatchObject({ status: 202, text: '' });
  });
});

describe('an error that is MCP\u2019s to no one', () => {
  it('has a code outside of what JSON-RPC reserves from 2026-07-28 on, and no id where none is known', async () => {
    const limited = await HttpSteward.start({ ...database.env, RATE_LIMIT_PER_MINUTE: '1' });
    const params = { name: 'department_report', arguments: { department: 'Engineering' } };
    const headers = standardHeaders('prompts/get', params);
    const ask = () => limited.request('prompts/get', { ...params, _meta: claims() }, { headers });
    await ask();
    const { status, json } = await ask();
    expect({ status, code: json?.error?.data?.['code'] }).toEqual({ status: 429, code: 'RATE_LIMITED' });
    expect(json?.error?.code).toBe(1);
    const before = await limited.request('prompts/get', params);
    expect(before).toMatchObject({ status: 429, json: { error: { code: -32000 } } });
    const unread = await limited.send({ body: '{', headers });
    expectValid(MODERN, 'JSONRPCErrorResponse', unread.json);
    expect(unread.json).not.toHaveProperty('id');
    expect((await limited.send({ body: '{' })).json).toMatchObject({ id: null, error: { code: -32700 } });
    await limited.stop();
  });
});
