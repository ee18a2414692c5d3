import http from 'node:http';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { census } from '../../tests/support/data-rules.mjs';
import { parsed } from '../load/answer.mjs';
import { memoryOf } from '../load/memory.mjs';
import { inconsistencies } from '../load/reckoning.mjs';
import { countRows, wrongAnswer, wrongMessage } from './fuzz/judge.mjs';
import { rawRequests, sendRaw } from './fuzz/raw-http.mjs';
import { lines, requests } from './fuzz/requests.mjs';
import { uncleanEnds } from './lab/invariants.mjs';
import { DEADLINE_MS, GRACE_MS } from './lab/limits.mjs';

/** @typedef {import('./lab/lab.mjs').Lab} Lab */
/** @typedef {import('./fuzz/judge.mjs').Rows} Rows */
/** @typedef {import('../load/steward-process.mjs').StewardProcess} StewardProcess */
/** @typedef {import('./lab/stdio-steward.mjs').StdioSteward} StdioSteward */

export const name = 'malformed';
export const title = 'malformed requests of every kind, over HTTP, stdio and bare sockets';

const REQUESTS = { short: 1500, full: 10_000 };
/** Besides those over HTTP. */
const OVER_STDIO = 0.15;
const RAW = 0.05;
const AT_ONCE = 6;
/** How far the memory in use may be above what it was, in bytes. */
const SPARE_MEMORY = 16 * 2 ** 20;
const LONGEST_SHOWN = 300;

/** @param {Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const [overHttp, overStdio] = await Promise.all([lab.http(site), lab.stdio(site)]);
  const total = lab.short ? REQUESTS.short : REQUESTS.full;
  const { tools } = (await overStdio.request('tools/list', {})).result;
  const sample = (/** @type {number} */ share) => ({ numRuns: Math.ceil(total * share), seed: lab.seed });
  /** @type {Rows} */
  const rows = { users: 0, departments: 0, changes: 0 };
  const problems = new Problems();

  const all = fc.sample(requests(tools), sample(1));
  // What is made once, and kept, is no leak.
  const warmUp = Math.ceil(all.length / 5);
  await sendAll(overHttp, all.slice(0, warmUp), rows, problems);
  const early = await memoryOf(overHttp);
  await sendAll(overHttp, all.slice(warmUp), rows, problems);
  const raw = fc.sample(rawRequests, sample(RAW));
  await sendAllRaw(overHttp, raw, problems);
  const late = await memoryOf(overHttp);
  const said = fc.sample(lines(tools), sample(OVER_STDIO));
  await sayAll(overStdio, said, rows, problems);

  const growth = late.used - early.used;
  const after = await census(site);
  const written = Object.entries(rows).flatMap(([table, added]) => {
    const expected = (site.before[table] ?? 0) + added;
    return after[table] === expected
      ? []
      : [`${after[table]} rows of ${table}, and ${expected} were acknowledged`];
  });
  const faults = await Promise.all(site.stewards.map((steward) => steward.faults()));
  return {
    figures: [
      `${all.length} over HTTP, ${raw.length} over bare sockets, ${said.length} over stdio; seed ${lab.seed}`,
      `${problems.refused} refused, ${problems.served} served, ${Object.values(rows).reduce((sum, count) => sum + count)} rows written by those`,
      `memory in use ${(early.used / 2 ** 20).toFixed(1)} MB early, ${(late.used / 2 ** 20).toFixed(1)} MB late`,
    ],
    problems: [
      ...problems.list(),
      ...written,
      ...(growth > SPARE_MEMORY ? [`the memory in use grew by ${(growth / 2 ** 20).toFixed(1)} MB`] : []),
      ...faults.flat().map((line) => `logged ${line.slice(0, 2 * LONGEST_SHOWN)}`),
      ...(await inconsistencies(site)),
      ...(await uncleanEnds(site)),
    ],
  };
}

/** What was wrong, once for each kind, with the first request that showed it. */
class Problems {
  /** @type {Map<string, { count: number, shown: string }>} */
  #kinds = new Map();
  refused = 0;
  served = 0;

  /** @param {string[]} kinds @param {string} request @param {string | undefined} answer */
  add(kinds, request, answer) {
    const refused =
      answer?.includes('"error"') || answer?.includes('"isError":true') || !answer?.includes('result');
    if (refused) this.refused += 1;
    else this.served += 1;
    const shown = `${request.slice(0, LONGEST_SHOWN)} was answered ${answer?.slice(0, LONGEST_SHOWN)}`;
    for (const kind of kinds) {
      const known = this.#kinds.get(kind);
      if (known) known.count += 1;
      else this.#kinds.set(kind, { count: 1, shown });
    }
  }

  list() {
    return [...this.#kinds].map(([kind, { count, shown }]) => `${kind}, ${count} times; first: ${shown}`);
  }
}

/** @param {StewardProcess} steward @param {import('./fuzz/requests.mjs').Request[]} all @param {Rows} rows @param {Problems} problems */
async function sendAll(steward, all, rows, problems) {
  const queue = all.values();
  const worker = async () => {
    for (const request of queue) {
      const start = performance.now();
      const { status, text } = await send(steward, request);
      const late =
        performance.now() - start > DEADLINE_MS + GRACE_MS ? ['answered later than the deadline'] : [];
      const answer = parsed(text);
      const unanswered = request.asks && answer === undefined ? ['not answered'] : [];
      countAll(request, answer, rows);
      const shown = `${request.method} ${request.path} ${JSON.stringify(request.headers)} ${request.body}`;
      problems.add([...late, ...unanswered, ...wrongAnswer(status, text)], shown, `${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** @param {{ body: string, tool?: string | undefined }} request @param {any} answer @param {Rows} rows */
function countAll({ body, tool }, answer, rows) {
  if (tool !== undefined) return countRows(tool, answer, rows);
  // One of a batch, or with headers that did no harm: the id says whose answer it is.
  const asked = [parsed(body)].flat();
  for (const one of [answer].flat()) {
    const request = asked.find((message) => message?.id === one?.id);
    countRows(request?.params?.name, one, rows);
  }
}

/** @param {StewardProcess} steward @param {import('./fuzz/requests.mjs').Request} request @returns {Promise<{ status: number, text: string }>} */
function send({ port, agent }, { method, path, headers, body }) {
  const usual = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    'content-length': String(Buffer.byteLength(body)),
  };
  const given = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== undefined);
  return new Promise((resolve) => {
    const request = http.request(
      {
        agent,
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: /** @type {any} */ (Object.fromEntries(given)),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('close', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on('error', (error) => resolve({ status: 0, text: String(error) }));
    request.end(body);
  });
}

/** @param {StewardProcess} steward @param {string[]} all @param {Problems} problems */
async function sendAllRaw({ port }, all, problems) {
  const queue = all.values();
  const worker = async () => {
    for (const text of queue) {
      const answer = await sendRaw(port, text);
      const kinds = answer === undefined ? ['a socket is not hung up on'] : wrongResponses(answer);
      problems.add(kinds, JSON.stringify(text), answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** @param {string} answer all that came over the socket @returns {string[]} */
function wrongResponses(answer) {
  // Nothing at all: who said no more was taken for gone.
  const responses = answer.split(/(?=HTTP\/1\.1 \d{3})/).filter(Boolean);
  return responses.flatMap((response) => {
    const [, status, body] = /^HTTP\/1\.1 (\d{3}).*?\r\n\r\n(.*)$/s.exec(response) ?? [];
    if (status === '100') return [];
    return status === undefined ? ['answered with what is no HTTP'] : wrongAnswer(Number(status), body ?? '');
  });
}

/** @param {StdioSteward} steward @param {{ body: string }[]} all @param {Rows} rows @param {Problems} problems */
async function sayAll(steward, all, rows, problems) {
  for (const { body } of all) {
    const line = body.replaceAll('\n', ' ');
    const { id, method, params } = Object(parsed(line));
    // Whatever is wrong with it otherwise, it will be answered by its id.
    const answerable = typeof method === 'string' && (typeof id === 'string' || Number.isSafeInteger(id));
    const answered = answerable ? steward.response(id) : undefined;
    steward.write(`${line}\n`);
    if (!answered) continue;
    const answer = await Promise.race([
      answered,
      setTimeout(DEADLINE_MS + GRACE_MS, undefined, { ref: false }),
    ]);
    countRows(params?.name, answer, rows);
    const kinds = answer === undefined ? ['not answered over stdio'] : wrongMessage(answer);
    problems.add(kinds, line, JSON.stringify(answer));
  }
  await steward.request('ping', {});
  for (const message of steward.unclaimed) {
    const unasked = message.result === undefined ? [] : ['answered a call that nobody made'];
    problems.add([...unasked, ...wrongMessage(message)], 'a line over stdio', JSON.stringify(message));
  }
  for (const line of steward.garbage) problems.add(['what is no JSON on stdout'], 'a line over stdio', line);
}
