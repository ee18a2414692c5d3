import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type pg from 'pg';
import { onServer } from '../support/conditions.js';
import { countWaiting } from '../support/count-waiting.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { holdUser } from '../support/hold-user.js';
import { HttpSteward, MCP_HEADERS, parsed } from '../support/http.js';
import { claims, MODERN, standardHeaders } from '../support/modern.js';
import { RawClient } from '../support/raw-client.js';
import { startSteward } from '../support/steward.js';

/** A call that waits for another transaction goes on until that ends. */
const PATIENT = {
  DB_ACQUIRE_TIMEOUT_MS: '25000',
  DB_LOCK_TIMEOUT_MS: '25000',
  DB_STATEMENT_TIMEOUT_MS: '28000',
  CALL_DEADLINE_MS: '30000',
};
const USER = 7;
const TOOL = 'set_user_role';

/** What a call says of its revision: in its `_meta`, and over HTTP in its headers. */
const ERAS: Record<string, { meta: Record<string, unknown>; headers: Record<string, string | undefined> }> = {
  '2025-11-25': { meta: {}, headers: {} },
  [MODERN]: { meta: claims(), headers: standardHeaders('tools/call', { name: TOOL }) },
};
/** A token may be text or a whole number. */
const TOKENS = [
  ['2025-11-25', 'mine'],
  ['2025-11-25', 0],
  ['2026-07-28', 'yours'],
  ['2026-07-28', 1],
] as const;

interface Message {
  id?: unknown;
  method?: string;
  params?: { progressToken?: unknown; progress: number; total?: number; message?: string };
  result?: Record<string, unknown>;
  error?: { code: number };
}

/** Parameters of a call that waits while the user is held. */
const change = (progressToken?: unknown, era = '2025-11-25') => ({
  name: TOOL,
  arguments: { user_id: USER, role: `Role ${Math.random()}` },
  _meta: { ...ERAS[era]?.meta, ...(progressToken !== undefined && { progressToken }) },
});

const progressIn = (messages: Message[]) =>
  messages.filter(({ method }) => method === 'notifications/progress');

const accepting = (accept: string) => ({ headers: { accept } });

/** One that increases by whole seconds, of this token, then the answer, and that is all. */
function expectProgressThenAnswer(messages: Message[], progressToken: unknown): void {
  const told = messages.slice(0, -1).map(({ params }) => params);
  const seconds = told.map((params) => params?.progress ?? 0);
  expect(seconds.length).toBeGreaterThanOrEqual(2);
  expect(seconds.every(Number.isInteger)).toBe(true);
  expect(seconds).toEqual([...new Set(seconds)].toSorted((a, b) => a - b));
  expect(told).toEqual(
    seconds.map((progress) => ({
      progressToken,
      progress,
      message: `Under way for ${progress} s; given up after 30 s.`,
    })),
  );
  expect(messages.at(-1)?.result).toMatchObject({ structuredContent: { changed: true } });
}

onServer('progress (on PostgreSQL only: it takes a call that waits)', () => {
  let database: TestDatabase;
  let holder: pg.Client | undefined;

  beforeAll(async () => void (database = await freshDatabase()));
  afterAll(() => database.drop());
  afterEach(() => release());

  const hold = async () => void (holder = await holdUser(database, USER));
  const release = async () => {
    await holder?.end();
    holder = undefined;
  };

  describe('over stdio', () => {
    let client: RawClient;

    beforeAll(async () => void (client = await RawClient.start(database, PATIENT)));
    afterAll(() => client.end());

    const send = (id: string, params: object) =>
      client.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })}\n`);
    const messages = (progressToken: unknown, id: string) =>
      client.lines
        .map((line) => parsed(line) as Message)
        .filter((message) => message.id === id || message.params?.progressToken === progressToken);

    it.each(TOKENS)(
      'comes each second to a call of %s with the token %j, and ends with it',
      async (era, token) => {
        await hold();
        send(`told ${token}`, change(token, era));
        send(`untold ${token}`, change(undefined, era));
        await eventually(() => progressIn(messages(token, '')).length >= 2);
        await release();
        await client.reply(`told ${token}`);
        await client.reply(`untold ${token}`);
        await delay(1500);
        expectProgressThenAnswer(messages(token, `told ${token}`), token);
        const all = client.lines.map((line) => parsed(line) as Message);
        expect(progressIn(all).map(({ params }) => params?.progressToken)).not.toContain(undefined);
      },
    );

    it.each([[true], [1.5], [{}], [['a']]])(
      'of the token %j is none: that call is refused',
      async (token) => {
        send('wrong', change(token));
        expect(await client.reply('wrong')).toMatchObject({ error: { code: -32602 } });
      },
    );

    it('ends with a call that is cancelled', async () => {
      await hold();
      send('cancelled', change('cancelled'));
      await eventually(() => progressIn(messages('cancelled', '')).length === 1);
      client.write(
        '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"cancelled"}}\n',
      );
      await eventually(async () => (await countWaiting(database)) === 0);
      const told = messages('cancelled', 'cancelled').length;
      await delay(1500);
      expect(messages('cancelled', 'cancelled')).toHaveLength(told);
    });

    it('does not come to the calls of a batch', async () => {
      const old = new RawClient({ ...database.env, ...PATIENT });
      const clientInfo = { name: 'old', version: '1' };
      await old.request('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo });
      await hold();
      const call = {
        jsonrpc: '2.0',
        id: 'b',
        method: 'tools/call',
        params: change('batch'),
      };
      old.write(`${JSON.stringify([call])}\n`);
      await delay(1500);
      await release();
      await old.end();
      expect(old.lines.slice(1).map((line) => JSON.parse(line))).toEqual([
        [expect.objectContaining({ id: 'b', result: expect.anything() })],
      ]);
    });
  });

  describe('over HTTP', () => {
    let steward: HttpSteward;

    beforeAll(async () => void (steward = await HttpSteward.start({ ...database.env, ...PATIENT })));
    afterAll(() => steward.stop());

    it.each(TOKENS)(
      'of a call of %s with the token %j is a stream of events, the last of which is the answer',
      async (era, token) => {
        await hold();
        const call = await open(steward, change(token, era), { headers: ERAS[era]?.headers });
        await eventually(() => progressIn(call.messages()).length >= 2);
        await release();
        await call.ended;
        expect(call.headers).toMatchObject({
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        });
        expectProgressThenAnswer(call.messages(), token);
      },
    );

    it('is not what a quick call needs: its answer is plain JSON', async () => {
      const { headers, json } = await steward.request('tools/call', change('quick'));
      expect(headers['content-type']).toBe('application/json');
      expect(json?.result).toMatchObject({ structuredContent: { changed: true } });
    });

    it('comes to none that did not ask for it, or names no stream in Accept, and to no batch', async () => {
      const asked = change('mine');
      await hold();
      const answers = Promise.all([
        steward.request('tools/call', change()),
        steward.request('tools/call', asked, accepting('application/json')),
        steward.request('tools/call', asked, accepting('*/*')),
        steward.request('tools/call', asked, accepting('application/json, text/event-stream;q=0')),
        steward.send({
          headers: { 'mcp-protocol-version': '2025-03-26' },
          body: JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: asked }]),
        }),
      ]);
      await delay(1500);
      await release();
      for (const { headers, json } of await answers) {
        expect(headers['content-type']).toBe('application/json');
        expect([json].flat()[0]?.result).toHaveProperty('structuredContent');
      }
    });

    it.each(Object.keys(ERAS))('ends with the call of a client of %s that hangs up', async (era) => {
      await hold();
      const call = await open(steward, change('mine', era), { headers: ERAS[era]?.headers });
      expect(await countWaiting(database)).toBe(1);
      call.hangUp();
      await eventually(async () => (await countWaiting(database)) === 0);
      expect(await steward.call('get_user', { id: USER })).toMatchObject({ status: 200 });
    });

    it('does not keep the connection of a server that ends, once the answer is there', async () => {
      const env = { ...database.env, ...PATIENT, SHUTDOWN_GRACE_MS: '60000' };
      const ending = await HttpSteward.start(env);
      await hold();
      const agent = new http.Agent({ keepAlive: true });
      const call = await open(ending, change('mine'), { agent });
      const stopped = ending.stop();
      await eventually(() => progressIn(call.messages()).length >= 4);
      await release();
      await call.ended;
      expectProgressThenAnswer(call.messages(), 'mine');
      expect(await stopped).toEqual({ code: 0, signal: null });
      agent.destroy();
    }, 30_000);
  });

  describe("to the SDK's client", () => {
    let stop: () => Promise<unknown>;

    afterEach(() => stop());

    it.each(['stdio', 'HTTP'])('keeps a call from timing out, over %s', async (over) => {
      const client = await connect(over);
      await hold();
      const seen: number[] = [];
      const { name, arguments: args } = change();
      const call = client.callTool({ name, arguments: args }, undefined, {
        onprogress: ({ progress }) => seen.push(progress),
        resetTimeoutOnProgress: true,
        timeout: 3000,
      });
      await eventually(() => seen.length >= 5);
      await release();
      expect(await call).toMatchObject({ structuredContent: { changed: true } });
    });

    async function connect(over: string): Promise<Client> {
      const steward =
        over === 'stdio'
          ? await startSteward({ database, env: PATIENT })
          : await HttpSteward.start({ ...database.env, ...PATIENT });
      stop = () => steward.stop();
      return typeof steward.client === 'function' ? steward.client() : steward.client;
    }
  });
});

/** Sends a call, and resolves with the beginning of its answer. */
async function open(
  { port }: HttpSteward,
  params: object,
  { headers, ...options }: Pick<http.RequestOptions, 'agent'> & { headers?: object | undefined } = {},
) {
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/mcp',
    headers: { ...MCP_HEADERS, ...headers },
    ...options,
  });
  request.on('error', () => {}); // What a test that hangs up gets.
  request.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  response.on('error', () => {}); // The same.
  return {
    headers: response.headers,
    messages: () =>
      text
        .split('\n\n')
        .slice(0, -1)
        .map((event) => parsed(/^event: message\ndata: (.*)$/.exec(event)?.[1] ?? '') as Message),
    ended: new Promise((resolve) => response.once('close', resolve)),
    hangUp: () => request.destroy(),
  };
}
