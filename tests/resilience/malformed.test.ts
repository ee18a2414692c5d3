import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import fc from 'fast-check';
import { census } from '../support/data-rules.mjs';
import { codeOf, type HttpRequest, type JsonRpcAnswer, parsed } from '../support/http.js';
import { parseLog } from '../support/log.js';
import { notJsonRpc, RawClient } from '../support/raw-client.js';
import { DEADLINE_MS, FULL, GRACE_MS, LIMITS } from './lab/limits.js';
import { httpRequests, lines, rawRequests } from './lab/malformed.js';
import { expectWholeDatabase, flawsOf, itEndsCleanly, useSite } from './lab/promises.js';
import { sendRaw } from './lab/raw-http.js';
import type { OverHttp } from './lab/site.js';
import { memoryOf, OBSERVED } from './lab/vitals.js';

const REQUESTS = FULL ? 10_000 : 1500;
const AT_ONCE = 6;
const SEED = Number(process.env['RESILIENCE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const SPARE_MB = 16;
const HANGS_UP_WITHIN_MS = 5000;

/** The statuses of refusals and answers; RFC 9110, RFC 6585. */
const STATUSES = [200, 202, 204, 400, 401, 403, 404, 405, 406, 408, 413, 415, 417, 429, 431, 503];
/** The findings of a validation library; never the words of a caller. */
const DUMP = /"(code|expected|origin|path)":/;

let runs = 0;

/** Checks inputs, several at once. Shrinking a failure takes time; an interruption is a failure as well. */
async function fuzz<Input>(
  input: fc.Arbitrary<Input>,
  share: number,
  check: (input: Input) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const inputs = fc.array(input, { minLength: atOnce, maxLength: atOnce });
  const property = fc.asyncProperty(inputs, async (some) => {
    await Promise.all(some.map(check));
  });
  await fc.assert(property, {
    numRuns: Math.ceil((REQUESTS * share) / atOnce),
    seed: SEED + (runs += 1),
    interruptAfterTimeLimit: 200_000,
    markInterruptAsFailure: true,
  });
}

interface Message extends JsonRpcAnswer {
  method?: string;
  params?: { name?: string };
}

describe(`malformed: a fuzzer sends requests of every kind (RESILIENCE_SEED=${SEED})`, () => {
  const site = useSite();
  let steward: OverHttp;
  let tools: Tool[];
  const agent = new http.Agent({ keepAlive: true });
  /** Calls of the era without a greeting that were served. */
  let modern = 0;
  /** The rows that acknowledged calls have added. */
  const added = { users: 0, departments: 0, changes: 0 };

  beforeAll(async () => {
    steward = await site.http({ ...LIMITS, ...OBSERVED });
    tools = (await (await steward.http.client()).listTools()).tools;
  });

  afterAll(() => agent.destroy());

  async function expectGoodAnswer({ body = '', ...request }: HttpRequest): Promise<void> {
    const headers = { 'content-length': String(Buffer.byteLength(body)), ...request.headers };
    const start = performance.now();
    const { status, text } = await steward.http.send({ ...request, headers, body, agent });
    expect(performance.now() - start).toBeLessThan(DEADLINE_MS + GRACE_MS);
    expect(flawsOfResponse(status, text)).toEqual([]);
    if (parsed(text)?.result?.['resultType'] === 'complete') modern += 1;
    count(added, parsed(body), parsed(text));
  }

  it('over HTTP each is served or refused with a code, and memory stays flat', async () => {
    await fuzz(httpRequests(tools), 0.2, expectGoodAnswer);
    const early = await memoryOf(steward);
    await fuzz(httpRequests(tools), 0.8, expectGoodAnswer);
    await fuzz(rawRequests, 0.05, async (text) => {
      const answer = await sendRaw(steward.http.port, text, HANGS_UP_WITHIN_MS);
      expect(answer).toBeDefined();
      expect(flawsOfConnection(answer ?? '')).toEqual([]);
    });
    expect((await memoryOf(steward)) - early).toBeLessThan(SPARE_MB);
  });

  it('over stdio each is served or refused with a code, and stdout has nothing but JSON-RPC', async () => {
    const client = new RawClient(site.environment(LIMITS));
    await client.greet();
    const check = async (text: string) => {
      const line = text.replaceAll('\n', ' ');
      client.write(`${line}\n`);
      const message: Message | undefined = parsed(line);
      if (!isAnswerable(message)) return;
      const start = performance.now();
      const reply = (await client.reply(message.id)) as Message;
      expect(performance.now() - start).toBeLessThan(DEADLINE_MS + GRACE_MS);
      expect(flawsOfMessage(reply)).toEqual([]);
      count(added, message, reply);
    };
    await fuzz(lines(tools), 0.15, check, 1);
    expect((await client.request('ping')).result).toEqual({});
    expect(notJsonRpc(client.lines)).toEqual([]);
    expect(client.lines.flatMap((line) => flawsOfMessage(parsed(line) as Message))).toEqual([]);
    expect(await client.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(parseLog(client.stderr()).filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('a refused request has written nothing, and a served one all of it', async () => {
    const now = await census(site);
    const before = (table: keyof typeof added) => (site.before[table] ?? 0) + added[table];
    expect(now).toMatchObject({
      users: before('users'),
      departments: before('departments'),
      changes: before('changes'),
    });
    expect(added.changes).toBeGreaterThan(0);
    expect(modern).toBeGreaterThan(0);
    await expectWholeDatabase(site);
  });

  itEndsCleanly(site);
});

/** Whatever else is wrong with it, a request is answered by its id. */
function isAnswerable(message: Message | undefined): message is Message & { id: string | number } {
  const { id, method } = Object(message) as Message;
  return typeof method === 'string' && (typeof id === 'string' || Number.isSafeInteger(id));
}

function flawsOfResponse(status: number, body: string): string[] {
  const flaws = STATUSES.includes(status) ? [] : [`status ${status}`];
  if (body === '') return flaws;
  const json = parsed(body);
  if (json === undefined) return [...flaws, 'the body is not JSON'];
  return [...flaws, ...[json].flat().flatMap(flawsOfMessage)];
}

/** All responses of one connection. There is none where the client counted as gone. */
function flawsOfConnection(text: string): string[] {
  const responses = text.split(/(?=HTTP\/1\.1 \d{3})/).filter(Boolean);
  return responses.flatMap((response) => {
    const [, status, body = ''] = /^HTTP\/1\.1 (\d{3}).*?\r\n\r\n(.*)$/s.exec(response) ?? [];
    if (status === '100') return [];
    return status === undefined ? ['the response is not HTTP'] : flawsOfResponse(Number(status), body);
  });
}

function flawsOfMessage(message: Message): string[] {
  const { error, result } = message;
  if (error === undefined && result?.['isError'] !== true) return [];
  const content = result?.['content'] as { text: string }[] | undefined;
  const words = error?.message ?? content?.[0]?.text ?? '';
  const code = codeOf({ json: message });
  return [
    ...(words.startsWith(`${String(code)}: `) ? [] : ['the words do not begin with the code']),
    ...(DUMP.test(words) ? ['says what a library found'] : []),
    ...flawsOf(code, words),
  ];
}

/** Adds the rows that successful calls have written; the answers of a batch are found by their ids. */
function count(added: Record<'users' | 'departments' | 'changes', number>, sent: unknown, answer: unknown) {
  for (const message of [answer].flat()) {
    const { id, result } = Object(message) as Message;
    const data = result?.['structuredContent'] as { changed?: boolean } | undefined;
    if (data === undefined || result?.['isError'] === true) continue;
    const request = ([sent].flat() as (Message | null)[]).find((one) => one?.id === id);
    const tool = request?.params?.name;
    if (tool === 'create_user') added.users += 1;
    if (tool === 'create_department') added.departments += 1;
    if (tool === 'create_user' || data.changed === true) added.changes += 1;
  }
}
