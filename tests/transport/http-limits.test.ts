import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { linesOf, logged } from '../support/log.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { holdUser } from '../support/hold-user.js';
import { bearing, codeOf, HttpSteward, MCP_HEADERS, pingWith } from '../support/http.js';
import { REDIS_IS_HERE, RedisServer } from '../support/redis-server.mjs';

let database: TestDatabase;
let running: HttpSteward[] = [];
let folders: string[] = [];

beforeAll(async () => void (database = await freshDatabase()));
afterAll(() => database.drop());
afterEach(async () => {
  await Promise.all(running.map((steward) => steward.stop()));
  running = [];
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
  folders = [];
});

async function start(env: Record<string, string> = {}): Promise<HttpSteward> {
  const steward = await HttpSteward.start({ ...database.env, ...env });
  running.push(steward);
  return steward;
}

/** Two callers with tokens, and the settings of a server that knows them. */
async function withTokens() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-limits-'));
  folders.push(folder);
  const env = { AUTH_MODE: 'token', AUTH_TOKENS_FILE: path.join(folder, 'tokens.json') };
  const scopes = ['--scopes', 'directory:read,directory:write'];
  const create = async (name: string) =>
    (await run(['token', 'create', '--name', name, ...scopes], env)).stdout.trim();
  return { env, first: await create('first'), second: await create('second') };
}

const list = (steward: HttpSteward, headers: Record<string, string> = {}) =>
  steward.call('list_departments', {}, { headers });

const from = (steward: HttpSteward, address: string) => list(steward, { 'x-forwarded-for': address });

/** The statuses of calls from these addresses, one after the other. */
const statuses = async (steward: HttpSteward, addresses: string[]) => {
  const found = [];
  for (const address of addresses) found.push((await from(steward, address)).status);
  return found;
};

/** Makes `count` calls that all have to be answered. */
async function use(steward: HttpSteward, count: number): Promise<void> {
  for (let call = 0; call < count; call += 1) expect((await list(steward)).status).toBe(200);
}

describe('the rate limit', () => {
  it('refuses the 6th request of a minute where 5 are allowed, with the seconds to wait', async () => {
    const steward = await start({ RATE_LIMIT_PER_MINUTE: '5' });
    await use(steward, 5);
    const refused = await list(steward);
    expect(refused.status).toBe(429);
    expect(codeOf(refused)).toBe('RATE_LIMITED');
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.json?.result?.['_meta']).toEqual({
      'steward/error': { code: 'RATE_LIMITED', retry_after_seconds: seconds },
    });
  });

  it('counts calls only: greetings, lists and notifications leave a caller all of them', async () => {
    const steward = await start({ RATE_LIMIT_PER_MINUTE: '4' });
    for (let call = 0; call < 4; call += 1) {
      expect((await steward.request('tools/list')).status).toBe(200);
      expect((await steward.request('ping')).status).toBe(200);
      await use(steward, 1);
    }
    expect((await list(steward)).status).toBe(429);
    expect((await steward.request('tools/list')).status).toBe(200);
  });

  it('has a bound for requests of any kind, too, five times as large; each message of a batch counts', async () => {
    const steward = await start({ RATE_LIMIT_PER_MINUTE: '2' });
    const ping = { jsonrpc: '2.0', method: 'ping' };
    const batch = (size: number) =>
      steward.send({
        body: JSON.stringify(Array.from({ length: size }, (_, id) => ({ ...ping, id }))),
        headers: { 'mcp-protocol-version': '2025-03-26' },
      });
    expect((await steward.request('tools/list')).status).toBe(200);
    expect((await batch(8)).status).toBe(200);
    expect((await batch(2)).status).toBe(429);
    const refused = await steward.send({ body: 'no JSON' });
    expect(refused.status).toBe(429);
    expect(refused.json?.error?.message).toMatch(/^RATE_LIMITED: More than 10 requests within a minute/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('believes only a trusted proxy about the origin of a request', async () => {
    // Callers without a token are told apart by their address alone.
    const refusing = { ...(await withTokens()).env, RATE_LIMIT_PER_MINUTE: '1' };
    const trusting = await start({ ...refusing, TRUSTED_PROXIES: 'loopback' });
    const six = Array<string>(6).fill('192.0.2.1');
    const five401 = Array<number>(5).fill(401);
    expect(await statuses(trusting, [...six, '192.0.2.2'])).toEqual([...five401, 429, 401]);
    // One who has an IPv6 address has a whole network of them.
    const network = [1, 2, 3, 4, 5, 6].map((host) => `2001:db8::${host}`);
    expect(await statuses(trusting, [...network, '2001:db8:0:1::1'])).toEqual([...five401, 429, 401]);
    expect(await statuses(await start(refusing), [...six, '192.0.2.2'])).toEqual([...five401, 429, 429]);
  });
});

(REDIS_IS_HERE ? describe : describe.skip)('counters in Redis (where it is installed)', () => {
  let redis: RedisServer;

  beforeAll(async () => void (redis = await RedisServer.create()));
  afterAll(() => redis.stop());

  const sharing = (env: Record<string, string> = {}) =>
    start({ RATE_LIMIT_PER_MINUTE: '6', REDIS_URL: redis.url, ...env });

  it('are shared by all processes, and an outage ends when Redis is back', async () => {
    const [one, two] = [await sharing(), await sharing()];
    await Promise.all([one.logged('redis connected'), two.logged('redis connected')]);
    await use(one, 3);
    await use(two, 3);
    expect([(await list(one)).status, (await list(two)).status]).toEqual([429, 429]);

    await redis.stop();
    // By default the door stays open meanwhile.
    const meanwhile = 'each process counts calls for itself';
    for (const steward of [one, two])
      expect(await steward.logged('redis cannot be reached')).toMatchObject({ level: 'warn', meanwhile });
    await use(one, 6);
    expect((await list(one)).status).toBe(429);
    expect((await list(two)).status).toBe(200);

    await redis.start();
    await use(await sharing(), 1);
  });

  it('are given up while Redis says nothing, however much it is asked meanwhile, and used again when it speaks', async () => {
    const steward = await sharing({ RATE_LIMIT_PER_MINUTE: '100000' });
    await steward.logged('redis connected');
    redis.freeze();
    await eventually(async () => {
      await use(steward, 1);
      return linesOf(steward, 'redis cannot be reached').length > 0;
    }, 5000);
    redis.thaw();
    expect(await logged(steward, 'redis connected', 2)).toHaveLength(2);
    await use(steward, 1);
  });

  it('keep no place in flight for a caller who hangs up while Redis is asked', async () => {
    const steward = await sharing({ MAX_CALLS_IN_FLIGHT: '1' });
    await steward.logged('redis connected');
    redis.freeze();
    const hangingUp = new AbortController();
    const call = steward.call('list_departments', {}, { signal: hangingUp.signal });
    setTimeout(() => hangingUp.abort(), 100);
    await expect(call).rejects.toThrow('aborted');
    redis.thaw();
    await eventually(async () => (await list(steward)).status === 200, 3000);
  });

  it('keep the door closed while they are gone, if so configured, and open it by themselves', async () => {
    const steward = await sharing({ RATE_LIMIT_WITHOUT_REDIS: 'closed', RATE_LIMIT_PER_MINUTE: '1000' });
    await steward.logged('redis connected');
    redis.freeze();
    const refused = await list(steward);
    redis.thaw();
    expect(refused.status).toBe(503);
    expect(codeOf(refused)).toBe('UNAVAILABLE');
    expect(refused.headers['retry-after']).toBe('5');
    await eventually(async () => (await list(steward)).status === 200);
    await redis.stop();
    const [, lost] = await logged(steward, 'redis cannot be reached', 2);
    expect(lost).toMatchObject({ level: 'warn', meanwhile: 'calls are refused' });
    expect(await list(steward)).toMatchObject({ status: 503 });
    await redis.start();
    await eventually(async () => (await list(steward)).status === 200);
  });
});

/** A call that waits for user 7, whose row another session holds. */
const waiting = (steward: HttpSteward, token: string) =>
  steward.call('set_user_role', { user_id: 7, role: 'Waiter' }, bearing(token));

onServer('calls in flight (on PostgreSQL only: it takes calls that wait)', () => {
  let holder: pg.Client;

  beforeAll(async () => void (holder = await holdUser(database, 7)));
  afterAll(() => holder.end());

  it.each([
    [{ MAX_CALLS_IN_FLIGHT_PER_CALLER: '2' }, 'first', 429, 'RATE_LIMITED'],
    [{ MAX_CALLS_IN_FLIGHT: '2' }, 'second', 503, 'UNAVAILABLE'],
  ] as const)(
    'beyond %j are refused when no place gets free in a moment',
    async (limit, by, status, code) => {
      const { env, ...tokens } = await withTokens();
      const steward = await start({ ...env, ...limit, DB_LOCK_TIMEOUT_MS: '4000' });
      await list(steward, bearing(tokens.second).headers);
      const under = [waiting(steward, tokens.first), waiting(steward, tokens.first)];
      const third = await Promise.race([waiting(steward, tokens[by]), ...under]);
      expect({ status: third.status, code: codeOf(third) }).toEqual({ status, code });
      expect(third.headers['retry-after']).toBe('1');
      for (const answer of await Promise.all(under)) expect(codeOf(answer)).toBe('TIMEOUT');
      expect((await list(steward, bearing(tokens[by]).headers)).status).toBe(200);
    },
  );
});

describe('connections', () => {
  it('of clients without a token leave room for those with one, and are logged in one line', async () => {
    const { env, first, second } = await withTokens();
    const steward = await start({ ...env, MAX_CONNECTIONS: '20' });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const known = () => steward.request('ping', {}, { ...bearing(first), agent });
    expect(await known()).toMatchObject({ status: 200 });
    const strangers = Array.from({ length: 100 }, () => net.connect(steward.port, '127.0.0.1'));
    const closed = strangers.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('error', () => {}).once('close', resolve);
        }),
    );
    // All but 19 are cut: the 20th place is that of the known client, which keeps it.
    let cut = 0;
    for (const one of closed) void one.then(() => (cut += 1));
    await eventually(() => cut >= 81);
    expect(strangers.filter((socket) => !socket.closed)).toHaveLength(19);
    expect(await known()).toMatchObject({ status: 200 });
    expect(await pingWith(steward, second)).toMatchObject({ status: 200 });
    const [line] = await logged(steward, 'connections cut: there were too many', 1);
    expect(line).toMatchObject({ level: 'warn', most: 20, cut: expect.any(Number) });
    expect(line?.['cut']).toBeGreaterThanOrEqual(81);
    agent.destroy();
    strangers.forEach((socket) => socket.destroy());
  });
});

/** A request that is let in and waits for its body, until it is sent. */
async function arrive(steward: HttpSteward, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  const socket = net.connect(steward.port, '127.0.0.1');
  const head = {
    ...MCP_HEADERS,
    ...headers,
    host: 'localhost',
    'content-length': body.length,
    expect: '100-continue',
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n`);
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  await eventually(() => answer.includes(' 100 Continue'));
  return async () => {
    socket.write(body);
    await once(socket, 'close');
    return /HTTP\/1\.1 (?!100)(\d+)/.exec(answer)?.[1];
  };
}

describe('a burst', () => {
  it.each([{ MAX_CALLS_IN_FLIGHT_PER_CALLER: '2' }, { MAX_CALLS_IN_FLIGHT: '2' }])(
    'above %j waits for a place: as many as there are places, in order, and the rest is refused at once',
    async (limit) => {
      const steward = await start(limit);
      const finish = [await arrive(steward), await arrive(steward)];
      const burst = [1, 2, 3].map((_, id) =>
        steward.send({ body: JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' }) }),
      );
      const first = await Promise.race(burst);
      expect([429, 503]).toContain(first.status);
      expect(first.headers['retry-after']).toBe('1');
      expect(await Promise.all(finish.map((send) => send()))).toEqual(['200', '200']);
      const ended = (await Promise.all(burst)).map(({ status }) => status);
      expect(ended.toSorted((a, b) => a - b)).toEqual([200, 200, first.status]);
      await use(steward, 1);
    },
  );

  it('of 30 reads of one caller at a time is answered', async () => {
    const steward = await start();
    await use(steward, 1);
    const answers = await Promise.all(Array.from({ length: 30 }, () => list(steward)));
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200));
  });

  it('of one caller takes no place of another', async () => {
    const { env, ...tokens } = await withTokens();
    const [first, second] = [bearing(tokens.first).headers, bearing(tokens.second).headers];
    const steward = await start({ ...env, MAX_CALLS_IN_FLIGHT_PER_CALLER: '1' });
    const finish = await arrive(steward, first);
    const next = list(steward, first);
    expect((await list(steward, second)).status).toBe(200);
    await finish();
    // It waits for a second, which may be over on a busy machine.
    expect([200, 429]).toContain((await next).status);
  });
});

describe('a slow client', () => {
  it('is not waited for for ever, be it slow with its headers or with its body', async () => {
    const steward = await start({ MAX_CALLS_IN_FLIGHT: '1' });
    /** Sends a byte at a time, ignores all answers, until the server closes the connection. */
    const dribble = async (text: string) => {
      const socket = net.connect({ port: steward.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.write(text);
      const dripping = setInterval(() => socket.write('x'), 500);
      let answer = '';
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('close', resolve));
      clearInterval(dripping);
      return answer.split('\r\n')[0];
    };
    const head =
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n';
    expect(await Promise.all([dribble(head), dribble(`${head}\r\n{"jsonrpc"`)])).toEqual([
      'HTTP/1.1 408 Request Timeout',
      'HTTP/1.1 408 Request Timeout',
    ]);
    // The place of the one that was let in is free again.
    await use(steward, 1);
  });
});
