import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type pg from 'pg';
import { steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { codeOf, HttpSteward, MCP_HEADERS, type HttpAnswer, type HttpRequest } from '../support/http.js';
import { holdUser } from '../support/hold-user.js';

let database: TestDatabase;
let steward: HttpSteward;
/** Resources that a test opened, closed after it in every case. */
let opened: (() => Promise<unknown>)[] = [];

const SMALL_BODY = 4096;

/** Origins of desktop applications and of extensions. */
const APPLICATIONS = [
  'chrome-extension://abcdefghijklmnop',
  'app://obsidian.md',
  'tauri://localhost',
  'vscode-webview://0f3k',
  'capacitor://localhost:8080',
];

beforeAll(async () => {
  database = await freshDatabase();
  steward = await HttpSteward.start({
    ...database.env,
    MAX_BODY_BYTES: String(SMALL_BODY),
    ALLOWED_ORIGINS: ['https://app.example.com', ...APPLICATIONS].join(', '),
  });
});
afterEach(async () => {
  await Promise.all(opened.map((close) => close()));
  opened = [];
});
afterAll(async () => {
  await steward.stop();
  await database.drop();
});

async function start(env: Record<string, string>): Promise<HttpSteward> {
  const started = await HttpSteward.start(env);
  opened.push(() => started.stop());
  return started;
}

const PING = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ping' });
const ping = (request: HttpRequest = {}) => steward.send({ body: PING, ...request });

const CODES: Record<number, string> = { 403: 'FORBIDDEN', 404: 'NOT_FOUND' };

/** An error in the form of JSON-RPC with a code, for any HTTP status. */
function expectRefusal(answer: HttpAnswer, status: number, rpcCode = -32600): void {
  const data = { code: CODES[status] ?? 'VALIDATION' };
  const error = { code: rpcCode, message: expect.stringMatching(`^${data.code}: `), data };
  expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/json' } });
  expect(answer.json).toEqual({ jsonrpc: '2.0', id: null, error });
}

function connect(text = ''): net.Socket {
  const socket = net.connect(steward.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  opened.push(async () => socket.destroy());
  return socket;
}

/** The beginning of a POST as it goes over the wire. */
function headOf(headers: object): string {
  const given = Object.entries({ ...MCP_HEADERS, host: 'localhost', ...headers });
  return `POST /mcp HTTP/1.1\r\n${given.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** The first line that comes back before any body was sent. */
async function firstLine(headers: object, path = '/mcp'): Promise<string | undefined> {
  const head = headOf({ expect: '100-continue', ...headers }).replace('/mcp', path);
  const [answer] = (await once(connect(head), 'data')) as [Buffer];
  return String(answer).split('\r\n')[0];
}

describe("the SDK's client", () => {
  it('lists, calls, reads and gets over HTTP what it does over stdio', async () => {
    const client = await steward.client();
    const { tools } = await client.listTools();
    expect(tools).toHaveLength(12);
    const found = await client.callTool({ name: 'find_users', arguments: { department: 'Sales', limit: 2 } });
    expect(found.structuredContent).toMatchObject({
      page: 1,
      users: { rows: [expect.any(Array), expect.any(Array)] },
    });
    const { contents } = await client.readResource({ uri: 'directory://departments' });
    expect(contents).toHaveLength(1);
    const prompt = await client.getPrompt({ name: 'department_report', arguments: { department: 'Sales' } });
    expect(prompt.messages).toHaveLength(1);
    await client.close();
  });

  it.each(['2025-11-25', '2025-06-18', '2025-03-26'])('may speak version %s', async (protocolVersion) => {
    const answer = await steward.request(
      'initialize',
      { protocolVersion, capabilities: {}, clientInfo: { name: 'old', version: '1' } },
      { headers: { 'mcp-protocol-version': undefined } },
    );
    expect(answer).toMatchObject({ status: 200, json: { result: { protocolVersion } } });
    expect(await ping({ headers: { 'mcp-protocol-version': protocolVersion } })).toMatchObject({
      status: 200,
    });
  });
});

describe('a POST', () => {
  it('with a request is answered as plain JSON, without a session id', async () => {
    const answer = await ping();
    expect(answer).toMatchObject({ status: 200, json: { jsonrpc: '2.0', id: 7, result: {} } });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(answer.headers['mcp-session-id']).toBeUndefined();
  });

  it('with a batch is answered in the revision that has batches, each request by its id', async () => {
    const body = `[${PING},{"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":"b","method":"nope"}]`;
    const answer = await steward.send({ body, headers: { 'mcp-protocol-version': '2025-03-26' } });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual([
      { jsonrpc: '2.0', id: 7, result: {} },
      {
        jsonrpc: '2.0',
        id: 'b',
        error: { code: -32601, message: expect.stringMatching(/^NOT_FOUND: /), data: { code: 'NOT_FOUND' } },
      },
    ]);
    expectRefusal(await steward.send({ body }), 400);
  });

  it('with a batch that holds what is no message, too, is answered with all the rest', async () => {
    const body = `[${PING},{"hello":1},{"jsonrpc":"2.0","id":"c","method":"ping","params":[1]}]`;
    const answer = await steward.send({ body, headers: { 'mcp-protocol-version': '2025-03-26' } });
    expect(answer).toMatchObject({
      status: 200,
      json: [
        { id: 7, result: {} },
        { id: null, error: { code: -32600 } },
        { id: 'c', error: { code: -32602 } },
      ],
    });
  });

  it('with wrong parameters is answered like any call that is wrong, by its id', async () => {
    const answer = await steward.send({ body: PING.replace('"ping"', '"ping","params":[1]') });
    expect(answer).toMatchObject({ status: 200, json: { id: 7, error: { code: -32602 } } });
  });

  it('with a greeting is answered whatever its version header says: the body settles the version', async () => {
    const greeting = {
      protocolVersion: '2026-07-28',
      capabilities: {},
      clientInfo: { name: 'n', version: '1' },
    };
    for (const version of ['2026-07-28', '1999-01-01', 'x']) {
      const headers = { 'mcp-protocol-version': version };
      const answer = await steward.request('initialize', greeting, { headers });
      expect(answer).toMatchObject({ status: 200, json: { result: { protocolVersion: '2025-11-25' } } });
      expect(await ping({ headers })).toMatchObject({ status: 400 });
      expect(await steward.send({ body: `[${PING}]`, headers })).toMatchObject({ status: 400 });
    }
  });

  it.each([
    ['that is empty', '', -32700],
    ['that is no JSON-RPC', '{"hello":1}', -32600],
    ['of an empty batch', '[]', -32600],
  ])('with a body %s is a bad request', async (_what, body, code) => {
    expectRefusal(await steward.send({ body, headers: { 'mcp-protocol-version': '2025-03-26' } }), 400, code);
  });

  it('of more than the largest body is refused, whether it says so or not', async () => {
    const body = 'x'.repeat(SMALL_BODY + 1);
    expectRefusal(await steward.send({ body }), 413);
    const socket = connect(headOf({ 'transfer-encoding': 'chunked' }));
    socket.write(`${body.length.toString(16)}\r\n${body}\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 413 /);
  });

  it('is asked for its body only where it is read: a client that waits for that sends none in vain', async () => {
    expect(await firstLine({ 'content-length': PING.length })).toBe('HTTP/1.1 100 Continue');
    expect(await firstLine({ 'content-length': SMALL_BODY + 1 })).toMatch(/^HTTP\/1.1 413 /);
    expect(await firstLine({ 'content-length': PING.length }, '/nowhere')).toMatch(/^HTTP\/1.1 404 /);
    expect(await firstLine({ 'content-length': PING.length, 'content-type': 'text/plain' })).toMatch(
      /^HTTP\/1.1 415 /,
    );
  });

  it.each([
    ['another Content-Type', { 'content-type': 'text/plain' }, 415],
    ['no Content-Type', { 'content-type': undefined }, 415],
    ['a compressed body', { 'content-encoding': 'gzip' }, 415],
    ['an Accept without JSON', { accept: 'text/html' }, 406],
    ['an Accept that rules it out by weight', { accept: 'application/json;charset=utf-8;q=0' }, 406],
    ['an Accept that rules JSON out', { accept: 'application/json;q=0, text/event-stream' }, 406],
    ['an unknown protocol version', { 'mcp-protocol-version': '1999-01-01' }, 400],
  ])('with %s is refused', async (_what, headers, status) => {
    expectRefusal(await ping({ headers }), status);
  });

  it.each([
    ['a charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['a charset in Accept', { accept: 'application/json; charset=utf-8, text/event-stream' }],
    ['more parameters in Accept', { accept: 'text/event-stream, application/json;profile="x";q=0.5' }],
    ['a body that is not compressed, as it says', { 'content-encoding': 'identity' }],
    ['any Accept', { accept: '*/*' }],
    ['no Accept', { accept: undefined }],
    ['no protocol version', { 'mcp-protocol-version': undefined }],
  ])('with %s is answered', async (_what, headers) => {
    expect(await ping({ headers })).toMatchObject({ status: 200 });
  });
});

describe('other methods and paths', () => {
  it.each(['GET', 'DELETE', 'PUT'])('%s of /mcp is not allowed', async (method) => {
    const answer = await steward.send({ method, body: '' });
    expectRefusal(answer, 405);
    expect(answer.headers.allow).toBe('POST');
  });

  it('a path where nothing is, is not found', async () => {
    expectRefusal(await ping({ path: '/' }), 404);
    expectRefusal(await ping({ path: '/mcp//' }), 404);
    expectRefusal(await ping({ path: '/mcp/x' }), 404);
  });

  it.each([
    ['what is not HTTP', 'GARBAGE\r\n\r\n', 400],
    ['a request without a Host', 'POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n\r\n', 403],
    [
      'an expectation of its own',
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nExpect: the-best\r\nContent-Length: 0\r\n\r\n',
      417,
    ],
  ])('%s gets an error in the same form', async (_what, text, status) => {
    const [answer] = await once(connect(text), 'data');
    expect(String(answer)).toMatch(
      new RegExp(`^HTTP/1.1 ${status} .*content-type: application/json.*{"jsonrpc":"2.0","id":null,`, 'is'),
    );
  });

  it('a path may end in a slash, and is served without a redirect', async () => {
    expect(await ping({ path: '/mcp/' })).toMatchObject({ status: 200, json: { id: 7, result: {} } });
    expect(await ping({ path: '/mcp/?x=1' })).toMatchObject({ status: 200 });
    expect(await steward.send({ method: 'GET', path: '/health/', body: '' })).toMatchObject({ status: 200 });
    const client = new Client({ name: 'tests', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${steward.url}/`)));
    expect((await client.listTools()).tools).toHaveLength(12);
    await client.close();
  });

  it('a path may be given as a whole URL, and a GET be asked for its head alone', async () => {
    expect(await ping({ path: `http://localhost:${steward.port}/mcp` })).toMatchObject({ status: 200 });
    expect(await steward.send({ method: 'HEAD', path: '/health' })).toMatchObject({ status: 200, text: '' });
  });
});

describe('a foreign web page', () => {
  it('may not call, nor reach the server by a name of its own', async () => {
    expectRefusal(await ping({ headers: { origin: 'https://evil.example' } }), 403);
    expectRefusal(await ping({ headers: { origin: 'null' } }), 403);
    expectRefusal(await ping({ headers: { host: 'evil.example' } }), 403);
    expectRefusal(await ping({ headers: { host: 'evil.example', origin: 'http://evil.example' } }), 403);
  });

  it('may where it is allowed, and is told so by the headers that browsers look at', async () => {
    const origin = 'https://app.example.com';
    const preflight = await steward.send({ method: 'OPTIONS', headers: { origin } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST, DELETE',
    });
    const end = await steward.send({ method: 'DELETE', headers: { origin } });
    expect(end).toMatchObject({ status: 405, headers: { 'access-control-allow-origin': origin } });
    const answer = await ping({ headers: { origin } });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': origin, vary: 'Origin' },
    });
  });

  it.each(APPLICATIONS)('may also be an application or an extension: %s', async (origin) => {
    expect(await ping({ headers: { origin } })).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': origin },
    });
    for (const foreign of [`${origin}x`, origin.replace(/^./, 'x'), origin.replace(/:\/\/.*/, '://')])
      expectRefusal(await ping({ headers: { origin: foreign } }), 403);
  });

  it('is allowed the headers that its preflight asks for, whatever they are, and where it is not allowed, none', async () => {
    const asked = 'authorization,content-type,mcp-method,mcp-name,mcp-protocol-version,traceparent,x-of-2031';
    const preflight = (origin: string) =>
      steward.send({
        method: 'OPTIONS',
        body: '',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': asked,
        },
      });
    const answer = await preflight('https://app.example.com');
    expect(answer).toMatchObject({ status: 204, headers: { 'access-control-allow-headers': asked } });
    expect(answer.headers.vary).toBe('Origin, Access-Control-Request-Headers');
    const refused = await preflight('https://evil.example');
    expectRefusal(refused, 403);
    expect(refused.headers['access-control-allow-headers']).toBeUndefined();
  });

  it('is no matter where the server calls itself, or is called, by an allowed name', async () => {
    const named = await start({
      ...database.env,
      AUTH_MODE: 'jwt',
      AUTH_ISSUER: 'https://id.example.com',
      AUTH_JWKS_URL: 'https://id.example.com/keys',
      PUBLIC_URL: 'https://mcp.example.com/mcp',
      ALLOWED_HOSTS: 'steward.example.com',
    });
    // Whoever comes by another name is not even asked for a token.
    for (const [host, status] of Object.entries({
      'mcp.example.com': 401,
      'steward.example.com': 401,
      'STEWARD.example.com:443': 401,
      'www.example.com': 403,
    }))
      expect(await named.send({ body: PING, headers: { host } })).toMatchObject({ status });
    const host = `localhost:${steward.port}`;
    expect(await ping({ headers: { host, origin: `http://${host}` } })).toMatchObject({ status: 200 });
  });
});

describe('the end', () => {
  it('comes with a signal: what is under way is answered, nothing more is taken, the exit code is 0', async () => {
    // Clients that would keep their connections open for longer than this test may take.
    const agent = new http.Agent({ keepAlive: true });
    const ending = await start({ ...database.env, SHUTDOWN_GRACE_MS: '300000' });
    await ending.call('list_departments', {}, { agent });
    // And one who connects and says nothing.
    const silent = net.connect(ending.port, '127.0.0.1');
    await once(silent, 'connect');
    const calls = Array.from({ length: 8 }, (_, i) =>
      ending.call('create_user', { username: `last_${i}`, email: `last_${i}@example.com` }, { agent }),
    );
    // Once one is answered, the others are on their way.
    await Promise.race(calls);
    const ended = ending.stop('SIGTERM');
    const answers = await Promise.allSettled(calls);
    expect(await ended).toEqual({ code: 0, signal: null });
    const acknowledged = answers.filter(
      (answer) =>
        answer.status === 'fulfilled' && answer.value.status === 200 && codeOf(answer.value) === undefined,
    );
    expect(acknowledged.length).toBeGreaterThan(0);
    const [found] = await database.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM users WHERE username LIKE 'last\\_%'",
    );
    // A request that was cut off before it was read was never acknowledged; every acknowledged one is there.
    expect(found?.count).toBeGreaterThanOrEqual(acknowledged.length);
    await expect(ending.call('list_departments')).rejects.toThrow('ECONNREFUSED');
    agent.destroy();
  });
});

describe('at the start', () => {
  it.each([
    'null',
    '*',
    'https://app.example.com/',
    'app://name/path',
    'https://*.example.com',
    'app.example.com',
    'https://app.example.com:443',
    'data:x',
    'file://',
  ])('an allowed origin that no browser would send is said so: %s', async (origin) => {
    const { code, stderr } = await run(['http'], { ...database.env, ALLOWED_ORIGINS: origin });
    expect(code).toBe(1);
    expect(stderr).toContain('ALLOWED_ORIGINS must be origins such as https://app.example.com or app://name');
  });

  it('a database that is not migrated is said so once, however many calls meet it', async () => {
    const apart = await freshDatabase();
    await apart.query(
      `UPDATE _prisma_migrations SET migration_name = '20990101000000_later', finished_at = now()`,
    );
    const refused = await HttpSteward.start(apart.env);
    for (let call = 0; call < 3; call += 1)
      expect(codeOf(await refused.call('list_departments'))).toBe('DATABASE_UNAVAILABLE');
    await refused.stop();
    expect(refused.log().filter(({ message }) => message.includes('cannot be used'))).toHaveLength(1);
    await apart.drop();
  });

  it('a port that is taken is said so', async () => {
    const { code, stderr } = await run(['http'], { ...database.env, HTTP_PORT: String(steward.port) });
    expect(code).toBe(1);
    expect(stderr).toContain(`Steward cannot listen on 127.0.0.1, port ${steward.port}. The port is taken: `);
  });

  it('a proxy that is neither an address nor a network is said so', async () => {
    const { code, stderr } = await run(['http'], { ...database.env, TRUSTED_PROXIES: '10.0.0.0/8,foo' });
    expect(code).toBe(1);
    expect(stderr).toContain('TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8');
  });
});

/** The current activity of Steward's sessions on the server. */
const running = async () => {
  const rows = await database.query<{ query: string }>(
    `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'steward' AND state <> 'idle'`,
  );
  return rows.map((row) => row.query);
};

async function hold(userId: number): Promise<pg.Client> {
  const holder = await holdUser(database, userId);
  opened.push(() => holder.end());
  return holder;
}

const runs = async (part: string) => (await running()).some((query) => query.includes(part));

onServer('a batch (on PostgreSQL only: it takes calls that wait)', () => {
  it('is answered in time: what stands behind slow calls is not begun, and said so', async () => {
    await hold(4);
    const limits = { CALL_DEADLINE_MS: '500', DB_LOCK_TIMEOUT_MS: '400', DB_STATEMENT_TIMEOUT_MS: '450' };
    const slow = await start({ ...database.env, ...limits, DB_ACQUIRE_TIMEOUT_MS: '400' });
    await eventually(async () => codeOf(await slow.call('get_user', { id: 1 })) === undefined);
    const params = { name: 'set_user_role', arguments: { user_id: 4, role: 'Waiter' } };
    const calls = Array.from({ length: 12 }, (_, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params,
    }));
    const { json } = await slow.send({
      body: JSON.stringify(calls),
      headers: { 'mcp-protocol-version': '2025-03-26' },
    });
    const answers = json as unknown as { id: number; error?: { message: string } }[];
    expect(answers.map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
    expect(answers.at(0)?.error).toBeUndefined();
    expect(answers.at(-1)?.error?.message).toMatch(/^TIMEOUT: .* was not begun; send it again\.$/);
  });
});

onServer('the end (on PostgreSQL only: it takes a call that waits)', () => {
  it('is not put off for ever by a call that goes on', async () => {
    const holder = await hold(6);
    const ending = await start({ ...database.env, SHUTDOWN_GRACE_MS: '200' });
    const call = ending.call('set_user_role', { user_id: 6, role: 'Waiter' });
    const cut = call.catch((error: Error) => error.message);
    await eventually(() => runs('FOR UPDATE'), 5000);
    expect(await ending.stop()).toEqual({ code: 0, signal: null });
    expect(await cut).toBe('socket hang up');
    await expectUnchanged(holder, 6);
  });
});

const isChange = (query: string) => query.includes('FOR UPDATE');

/** A call as it goes over the wire. */
function setRole(userId: number): string {
  const params = { name: 'set_user_role', arguments: { user_id: userId, role: 'Waiter' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  return headOf({ 'content-length': body.length }) + body;
}

/** Lets go of a user, of whom nothing may have been changed meanwhile. */
async function expectUnchanged(holder: pg.Client, userId: number): Promise<void> {
  await holder.end();
  expect(await database.query(`SELECT FROM user_audit_log WHERE user_id = ${userId}`)).toEqual([]);
}

onServer('a client that hangs up (on PostgreSQL only: the embedded database cannot cancel)', () => {
  it('has its statement cancelled on the server within a second, and nothing written', async () => {
    const holder = await hold(5);
    const hangingUp = new AbortController();
    const call = steward.call(
      'transfer_user',
      { user_id: 5, new_department: 'Finance' },
      { signal: hangingUp.signal },
    );
    await eventually(() => runs('FOR UPDATE'), 2000);
    hangingUp.abort();
    await expect(call).rejects.toThrow('aborted');
    await eventually(async () => !(await runs('FOR UPDATE')), 1000);
    await expectUnchanged(holder, 5);
    expect(await steward.call('get_user', { id: 5 })).toMatchObject({ status: 200 });
  });

  it('has every call cancelled that it sent behind another on one connection', async () => {
    const holder = await hold(10);
    const socket = connect(setRole(10).repeat(3));
    await eventually(async () => (await running()).filter(isChange).length === 3, 2000);
    socket.destroy();
    await eventually(async () => !(await running()).some(isChange), 1000);
    await expectUnchanged(holder, 10);
  });

  it('is not told of what came behind a call that the call was refused', async () => {
    const holder = await hold(8);
    const socket = connect(setRole(8));
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    await eventually(() => runs('FOR UPDATE'), 2000);
    socket.write('\0garbage\r\n\r\n');
    await once(socket, 'close');
    expect(answer).toBe('');
    await expectUnchanged(holder, 8);
  });

  it('ends no load of departments that others wait for', async () => {
    const fresh = await start({ ...database.env, CALL_DEADLINE_MS: '50000' });
    const holder = await hold(9);
    await fresh.call('get_user', { id: 1 });
    await holder.query('LOCK TABLE departments IN ACCESS EXCLUSIVE MODE');
    const hangingUp = new AbortController();
    const first = fresh.call('find_users', { department: 'Sales' }, { signal: hangingUp.signal });
    const gone = first.catch((error: Error) => error.name);
    await eventually(() => runs('departments'), 2000);
    const second = fresh.call('find_users', { department: 'Sales' });
    await fresh.call('get_user_preferences', { user_id: 1 });
    hangingUp.abort();
    expect(await gone).toBe('AbortError');
    await fresh.call('get_user_preferences', { user_id: 1 });
    await holder.end();
    expect(await second).toMatchObject({
      status: 200,
      json: { result: { structuredContent: { total_is_exact: true } } },
    });
  });
});
