import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { notJsonRpc, notLogLines, RawClient } from '../support/raw-client.js';

/** Time limits small enough that a server that is told to stop while it waits does so within a test. */
const SHORT_LIMITS = {
  CALL_DEADLINE_MS: '3000',
  DB_ACQUIRE_TIMEOUT_MS: '2000',
  DB_STATEMENT_TIMEOUT_MS: '2500',
  DB_LOCK_TIMEOUT_MS: '2000',
};

/** For hundreds of calls at once, which wait for each other. */
const LONG_LIMITS = { CALL_DEADLINE_MS: '50000', DB_ACQUIRE_TIMEOUT_MS: '49000' };

let database: TestDatabase;
let lasting: RawClient;
let client: RawClient;

beforeAll(async () => {
  database = await freshDatabase();
  lasting = await RawClient.start(database, LONG_LIMITS);
});

afterAll(async () => {
  await lasting.end();
  await database.drop();
});

beforeEach(() => void (client = lasting));

afterEach(async () => {
  if (client !== lasting) await client.kill();
  await expectCleanStreams();
});

async function expectCleanStreams(): Promise<void> {
  expect(notJsonRpc(client.lines)).toEqual([]);
  // The end of a line may be under way.
  await eventually(() => /(^|\n)$/.test(client.stderr()));
  expect(notLogLines(client.stderr())).toEqual([]);
}

/** For tests that end their server. */
const useOwnServer = () =>
  beforeEach(async () => void (client = await RawClient.start(database, SHORT_LIMITS)));

const expectService = async () => expect((await client.call('list_departments')).data['total']).toBe(8);
const callOf = (id: number, tool: string, args = '{}') =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}","arguments":${args}}}\n`;

describe('lines', () => {
  it('may come in pieces, and several at once', async () => {
    const line = callOf(101, 'list_departments');
    client.write(line.slice(0, 40));
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.write(
      line.slice(40) + callOf(102, 'list_departments') + callOf(103, 'list_departments').slice(0, 9),
    );
    expect((await client.reply(101)).result).toBeDefined();
    expect((await client.reply(102)).result).toBeDefined();
    client.write(callOf(103, 'list_departments').slice(9));
    expect((await client.reply(103)).result).toBeDefined();
  });

  it('may be cut within a character', async () => {
    const line = Buffer.from(callOf(104, 'create_department', '{"name":"Électricité"}'));
    const cut = line.indexOf(0xc3) + 1;
    client.child.stdin.write(line.subarray(0, cut));
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.child.stdin.write(line.subarray(cut));
    expect((await client.reply(104)).result?.['structuredContent']).toMatchObject({
      department: { name: 'Électricité' },
    });
    await database.query(`DELETE FROM departments WHERE name = 'Électricité'`);
  });

  it('may end in CR LF, and may be empty', async () => {
    client.write(`\r\n\n${callOf(105, 'list_departments').trim()}\r\n`);
    expect((await client.reply(105)).result).toBeDefined();
  });
});

describe('what is not a message', () => {
  it.each([
    ['garbage', 'hello?', -32700, null],
    ['bytes that are no text', '\u0000\u0001\u0002', -32700, null],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, null],
    ['an empty batch', '[]', -32600, null],
    ['a message without a method', '{"jsonrpc":"2.0","id":"mine"}', -32600, 'mine'],
  ])('is refused, and the next message is served: %s', async (_, line, code, id) => {
    client.write(`${line}\n`);
    const { error } = await client.reply(id);
    expect(error?.code).toBe(code);
    expect(error?.message).not.toMatch(/zod|expected|received|position|token/i);
    await expectService();
  });

  it('is refused when a line is longer than 8 MiB, without being kept', async () => {
    client.write(`"${'x'.repeat(8 * 1024 * 1024)}"\n`);
    expect((await client.reply(null)).error).toMatchObject({ code: -32600 });
    for (let sent = 0; sent < 8; sent++) client.write('x'.repeat(16 * 1024 * 1024));
    client.write('\n');
    expect((await client.reply(null)).error).toMatchObject({ code: -32600 });
    await expectService();
  });
});

/** Greets in this version, and sends the lines; then the next line that came. */
async function nextLine(protocolVersion: string, ...lines: string[]): Promise<unknown> {
  client = new RawClient({ ...database.env, ...SHORT_LIMITS });
  const clientInfo = { name: 'old', version: '1' };
  await client.request('initialize', { protocolVersion, capabilities: {}, clientInfo });
  client.write([...lines, ''].join('\n'));
  await eventually(() => client.lines.length > 1);
  return JSON.parse(client.lines[1] as string);
}

describe('a batch', () => {
  const PING = '{"jsonrpc":"2.0","id":"a","method":"ping"}';
  const NOTE = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

  it('is answered in one line in the one version that has batches, what is no message among the rest', async () => {
    const call = callOf(7, 'list_departments').trim();
    const answers = await nextLine(
      '2025-03-26',
      `[${PING},${NOTE},${call},{"id":"b"},{"jsonrpc":"2.0","id":1,"result":{}}]`,
    );
    expect(answers).toEqual([
      { jsonrpc: '2.0', id: 'a', result: {} },
      { jsonrpc: '2.0', id: 7, result: expect.objectContaining({ structuredContent: expect.anything() }) },
      { jsonrpc: '2.0', id: 'b', error: expect.objectContaining({ code: -32600 }) },
    ]);
  });

  it('of nothing that is owed an answer gets none, not even an empty list', async () => {
    expect(await nextLine('2025-03-26', `[${NOTE},${NOTE}]`, PING)).toMatchObject({ id: 'a' });
  });

  it.each([
    ['nothing', '2025-03-26', '[]', /1 to 20 messages/],
    ['21 messages', '2025-03-26', `[${Array(21).fill(PING).join(',')}]`, /1 to 20 messages/],
    ['a greeting', '2025-03-26', `[${PING.replace('ping', 'initialize')}]`, /initialize must not/],
    ['a request in a version without', '2025-06-18', `[${PING}]`, /version 2025-03-26 only/],
    ['a request in the latest version', '2025-11-25', `[${PING}]`, /version 2025-03-26 only/],
  ])('of %s is refused (version %s)', async (_what, version, line, says) => {
    expect(await nextLine(version, line)).toMatchObject({
      id: null,
      error: { code: -32600, message: expect.stringMatching(says) },
    });
  });

  it('is finished before the server ends', async () => {
    client = new RawClient({ ...database.env, ...SHORT_LIMITS });
    const clientInfo = { name: 'old', version: '1' };
    await client.request('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo });
    client.write(`[${callOf(1, 'list_departments').trim()},${PING}]\n`);
    expect(await client.end()).toEqual({ code: 0, signal: null });
    expect(JSON.parse(client.lines.at(-1) as string)).toHaveLength(2);
  });
});

describe('methods', () => {
  it('that call something are answered, or refused, before the greeting too', async () => {
    const early = new RawClient({ ...database.env, ...SHORT_LIMITS });
    const reply = await early.request('tools/call', { name: 'list_departments', arguments: {} });
    expect(reply.result ?? reply.error).toBeDefined();
    expect((await early.greet()).result).toMatchObject({ serverInfo: { name: 'steward' } });
    expect((await early.call('list_departments')).data['total']).toBe(8);
    expect(await early.end()).toEqual({ code: 0, signal: null });
  });

  it('refuses what is no request also where the client goes away at once', async () => {
    const hasty = new RawClient(database.env);
    hasty.write('no message\n{"jsonrpc":"2.0","id":7,"method":"tools/list","params":5}\n');
    expect(await hasty.end()).toEqual({ code: 0, signal: null });
    expect(hasty.lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32700 }) }),
      expect.objectContaining({ id: 7, error: expect.objectContaining({ code: -32602 }) }),
    ]);
  });

  it('are answered, every one of 500 that are called at once', async () => {
    const calls = Array.from({ length: 500 }, (_, index) =>
      index % 2 === 0
        ? client.call('list_recent_users', { limit: 5 })
        : client.call('get_user', { id: (index % 100) + 1 }),
    );
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome.code !== undefined)).toEqual([]);
  });
});

describe('the end', () => {
  useOwnServer();

  it('of stdin lets the calls that are under way be answered, then the server exits with 0', async () => {
    client.write(
      callOf(201, 'list_departments') + callOf(202, 'set_user_role', '{"user_id":1,"role":"Last Will"}'),
    );
    const ended = client.end();
    expect((await client.reply(201)).result).toBeDefined();
    expect((await client.reply(202)).result).toMatchObject({ structuredContent: { changed: true } });
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(await database.query('SELECT role FROM users WHERE id = 1')).toEqual([{ role: 'Last Will' }]);
  });

  it('of stdin in the middle of a line is an end as well', async () => {
    client.write('{"jsonrpc":"2.0",');
    expect(await client.end()).toEqual({ code: 0, signal: null });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s is an exit with 0 that leaves no process',
    async (signal) => {
      await expectService();
      const family = descendants(client.child.pid as number);
      expect(await client.kill(signal)).toEqual({ code: 0, signal: null });
      await expectGone(family);
    },
  );

  it('by SIGTERM comes after the answer to what is under way', async () => {
    await expectService();
    client.write(callOf(203, 'set_user_role', '{"user_id":2,"role":"Last Word"}'));
    await client.request('ping');
    const ended = client.kill('SIGTERM');
    expect((await client.reply(203)).result).toMatchObject({ structuredContent: { changed: true } });
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});

describe('a client that stops reading', () => {
  it('gets all its answers once it reads on', async () => {
    client.child.stdout.pause();
    const calls = Array.from({ length: 300 }, () => client.call('list_recent_users', { limit: 100 }));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(client.child.exitCode).toBeNull();
    client.child.stdout.resume();
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome.code !== undefined)).toEqual([]);
  });

  it('does not keep the server from ending', async () => {
    client = await RawClient.start(database, SHORT_LIMITS);
    client.child.stdout.pause();
    for (let id = 1000; id < 1300; id++) client.write(callOf(id, 'list_recent_users', '{"limit":100}'));
    client.child.stdin.end();
    const exit = new Promise((resolve) => client.child.once('exit', (code) => resolve(code)));
    expect(await exit).toBe(0);
    client.child.stdout.resume();
  });

  it('and is gone altogether is no reason to crash', async () => {
    client = await RawClient.start(database, SHORT_LIMITS);
    client.child.stdout.destroy();
    for (let id = 1000; id < 1050; id++) client.write(callOf(id, 'list_recent_users', '{"limit":100}'));
    expect(await client.end()).toEqual({ code: 0, signal: null });
    expect(client.stderr()).not.toContain('EPIPE');
  });
});

it('A client that closes stderr loses the log, not the server', async () => {
  client = await RawClient.start(database, SHORT_LIMITS);
  client.child.stderr.destroy();
  for (let calls = 0; calls < 5; calls++) {
    expect((await client.call('list_recent_users', { limit: 1 })).code).toBeUndefined();
  }
});

/** The processes that a process started, and those that they did (Linux; elsewhere none are seen). */
function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

async function expectGone(pids: number[], patienceMs = 20_000): Promise<void> {
  const until = Date.now() + patienceMs;
  const alive = () => pids.filter(isAlive);
  while (alive().length > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(alive()).toEqual([]);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
