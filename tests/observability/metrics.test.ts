import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { ERROR_CODES } from '../../src/errors.js';
import { VERSION } from '../../src/version.js';
import { ROOT } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { parseExposition, type Family } from '../support/exposition.js';
import { codeOf, HttpSteward, type HttpAnswer } from '../support/http.js';
import { holdUser } from '../support/hold-user.js';
import { logged } from '../support/log.js';

const TOKEN = 'a-token-for-prometheus';

let database: TestDatabase;
let running: HttpSteward[] = [];

beforeAll(async () => void (database = await freshDatabase()));
afterAll(() => database.drop());
afterEach(async () => {
  await Promise.all(running.map((steward) => steward.stop()));
  running = [];
});

async function start(env: Record<string, string> = {}): Promise<HttpSteward> {
  // A first call waits for the embedded database, on a slow machine for long.
  const patient = { CALL_DEADLINE_MS: '50000' };
  const steward = await HttpSteward.start({ ...database.env, ...patient, METRICS_TOKEN: TOKEN, ...env });
  running.push(steward);
  return steward;
}

const ask = (steward: HttpSteward, authorization: string | undefined = `Bearer ${TOKEN}`, method = 'GET') =>
  steward.send({ method, path: '/metrics', headers: { authorization } });

const scrape = async (steward: HttpSteward) => parseExposition((await ask(steward)).text);

/** The samples of a metric, by the values of their labels in the order of Prometheus: `{ 'tool get_user OK': 2 }`. */
function counts(families: Map<string, Family>, name: string): Record<string, number> {
  const samples = families.get(name)?.samples ?? [];
  return Object.fromEntries(
    samples.map(({ labels, value }) => [Object.values(labels).join(' '), value] as const),
  );
}

/** The value of a metric without labels, or of the one database. */
const valueOf = (families: Map<string, Family>, name: string) =>
  counts(families, name)[''] ?? counts(families, name)['directory'];

/** Scrapes until a gauge has come to a value. */
async function settled(steward: HttpSteward, name: string, value: number): Promise<Map<string, Family>> {
  let families = new Map<string, Family>();
  await eventually(async () => {
    families = await scrape(steward);
    return valueOf(families, name) === value;
  }).catch(() => expect({ name, value: valueOf(families, name) }).toEqual({ name, value }));
  return families;
}

const inOrder = async (calls: (() => Promise<HttpAnswer>)[]) => {
  const answers = [];
  for (const call of calls) answers.push(await call());
  return answers;
};

describe('/metrics', () => {
  it('is not there without METRICS_TOKEN', async () => {
    expect(await ask(await start({ METRICS_TOKEN: '' }))).toMatchObject({ status: 404 });
  });

  it('is for whoever has the token, which is never logged', async () => {
    const steward = await start({ LOG_LEVEL: 'debug' });
    for (const authorization of ['', TOKEN, `Basic ${TOKEN}`, 'Bearer', `Bearer ${TOKEN}x`]) {
      const refused = await ask(steward, authorization);
      expect({ authorization, status: refused.status }).toEqual({ authorization, status: 401 });
      expect(refused.headers['www-authenticate']).toBe('Bearer realm="metrics"');
      expect(refused.text).not.toContain('steward_');
    }
    const answer = await ask(steward);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await ask(steward, `bearer ${TOKEN}`)).toMatchObject({ status: 200 });
    expect(await ask(steward, undefined, 'POST')).toMatchObject({ status: 405 });
    expect(await logged(steward, 'request refused', 6)).toHaveLength(6);
    expect(steward.stderr()).not.toContain(TOKEN);
  });

  it('tells each metric with a help text, and the standard ones of the process', async () => {
    const families = await scrape(await start());
    for (const [name, { help }] of families) {
      expect(name).toMatch(/^(steward|process|nodejs)_/);
      expect(help.length).toBeGreaterThan(10);
    }
    expect([...families.keys()]).toEqual(
      expect.arrayContaining(['nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes']),
    );
    expect(counts(families, 'steward_info')).toEqual({ [VERSION]: 1 });
  });

  it('has all that docs/operations.md names, in its table and in its alerts', async () => {
    const steward = await start({ RATE_LIMIT_PER_MINUTE: '1' });
    await steward.call('list_departments');
    // The door lets five times as many requests in as there may be calls.
    await inOrder(Array.from({ length: 6 }, () => () => steward.request('ping')));
    const samples = [...(await scrape(steward)).values()].flatMap((family) => family.samples);
    const operations = await readFile(path.join(ROOT, 'docs', 'operations.md'), 'utf8');
    const [, lines = ''] = /^## Metrics$(.*?)^## /ms.exec(operations) ?? [];
    const named = lines.split('\n').flatMap((line) => {
      const [, first = line, second = line] = line.split('| ');
      const labels = [...second.matchAll(/`(\w+)`|(\w+)="/g)].map(([, label, selected]) => label ?? selected);
      return [...first.matchAll(/\b(?:steward|nodejs)_\w+/g)].map(([name]) => ({ name, labels }));
    });
    expect(named.length).toBeGreaterThan(12);
    const missing = named.filter(
      ({ name, labels }) =>
        !samples.some(
          (sample) =>
            [name, `${name}_count`].includes(sample.name) &&
            labels.every((label = '') => label in sample.labels),
        ),
    );
    expect(missing).toEqual([]);
    for (const [, code] of lines.matchAll(/(?:outcome|code)="(\w+)"/g)) expect(ERROR_CODES).toContain(code);
  });

  it('counts calls by capability and outcome, with names of the catalogue only, and has how long they took', async () => {
    const steward = await start();
    const ref = { type: 'ref/prompt', name: 'department_report' };
    await inOrder([
      () => steward.call('find_users', { search: 'ann@example.com' }),
      () => steward.call('find_users', { department: 'Sales' }),
      () => steward.call('find_users', { limit: -1 }),
      () => steward.call('get_user', { id: 999_999 }),
      () => steward.call('drop_tables'),
      () => steward.call('ann@example.com'),
      () => steward.call(`x${'y'.repeat(5000)}`),
      () => steward.request('resources/read', { uri: 'directory://users/5' }),
      () => steward.request('resources/read', { uri: 'directory://users/6' }),
      () => steward.request('resources/read', { uri: 'directory://users?department=Sales' }),
      () => steward.request('resources/read', { uri: 'directory://ann@example.com' }),
      () => steward.request('prompts/get', { name: 'department_report', arguments: { department: 'Sales' } }),
      () => steward.request('prompts/get', { name: 'x' }),
      () => steward.request('completion/complete', { ref, argument: { name: 'department', value: 'S' } }),
      () => steward.request('tools/list'),
    ]);
    const families = await scrape(steward);
    expect(counts(families, 'steward_calls_total')).toEqual({
      'tool find_users OK': 2,
      'tool find_users VALIDATION': 1,
      'tool get_user NOT_FOUND': 1,
      'tool unknown NOT_FOUND': 3,
      'resource user OK': 2,
      'resource users_by_criteria OK': 1,
      'resource unknown NOT_FOUND': 1,
      'prompt department_report OK': 1,
      'prompt unknown NOT_FOUND': 1,
      'completion department_report OK': 1,
    });
    expect((await ask(steward)).text).not.toMatch(/ann@|drop_tables|yyyy|Sales/);

    const durations = families.get('steward_call_duration_seconds')?.samples ?? [];
    const samples = durations.filter(({ labels }) => labels['capability'] === 'find_users');
    const buckets = samples.filter(({ name }) => name.endsWith('_bucket'));
    expect(buckets.map(({ labels }) => labels['le'])).toEqual(
      '0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf'.split(' '),
    );
    expect(buckets.at(-1)?.value).toBe(3);
    const lines = (await logged(steward, 'call', 14)).filter((line) => line['capability'] === 'find_users');
    const seconds = lines.reduce((total, line) => total + (line['ms'] as number) / 1000, 0);
    const sum = samples.find(({ name }) => name.endsWith('_sum'))?.value ?? 0;
    // The log has them rounded to a tenth of a millisecond.
    expect(Math.abs(sum - seconds)).toBeLessThan(0.001);
  });

  it('counts requests by path and status, and who was turned away by the limits on calls and on requests', async () => {
    const steward = await start({ RATE_LIMIT_PER_MINUTE: '2' });
    await inOrder([
      () => steward.call('list_departments'),
      () => steward.call('nothing'),
      () => steward.send({ body: 'no JSON' }),
      () => steward.call('list_departments'),
      () => steward.call('list_departments'),
      () => steward.call('list_departments'),
      ...Array.from({ length: 5 }, () => () => steward.request('ping')),
      () => steward.send({ method: 'GET', body: '' }),
      () => steward.send({ method: 'GET', path: '/health?name=ann' }),
      () => steward.send({ method: 'GET', path: '/ann' }),
      () => ask(steward, 'Bearer wrong'),
      () => ask(steward),
    ]);
    const families = await scrape(steward);
    expect(counts(families, 'steward_http_requests_total')).toEqual({
      '/mcp 200': 6,
      '/mcp 400': 1,
      '/mcp 405': 1,
      '/mcp 429': 4,
      '/health 200': 1,
      'other 404': 1,
      '/metrics 401': 1,
      '/metrics 200': 1,
    });
    expect(counts(families, 'steward_refused_requests_total')).toEqual({ 'rate_limit RATE_LIMITED': 1 });
    expect(counts(families, 'steward_calls_total')).toMatchObject({
      'tool list_departments OK': 1,
      'tool list_departments RATE_LIMITED': 3,
    });
  });

  it('counts what the cache of departments answered, and for what the database was read', async () => {
    const steward = await start();
    const read = async () => {
      const families = await scrape(steward);
      return ['hits', 'misses'].map((kind) => counts(families, `steward_cache_${kind}_total`));
    };
    const find = (times: number, department: string) =>
      inOrder(Array.from({ length: times }, () => () => steward.call('find_users', { department })));
    expect(await read()).toEqual([{ departments: 0 }, { departments: 0 }]);
    await find(4, 'Sales');
    expect(await read()).toEqual([{ departments: 3 }, { departments: 1 }]);
    await steward.call('create_department', { name: 'Metrology' });
    await find(2, 'Metrology');
    expect(await read()).toEqual([{ departments: 4 }, { departments: 2 }]);
    await find(1, 'No such department');
    expect(await read()).toEqual([{ departments: 4 }, { departments: 3 }]);
  });
});

onServer('/metrics while calls wait (on PostgreSQL only: it takes calls that wait)', () => {
  let holder: pg.Client;

  afterEach(() => holder.end());

  it('has calls in flight, connections at work, and who waits for one; and who found no room', async () => {
    const steward = await start({
      MAX_CALLS_IN_FLIGHT_PER_CALLER: '5',
      DB_POOL_MAX: '2',
      DB_ACQUIRE_TIMEOUT_MS: '9000',
      DB_LOCK_TIMEOUT_MS: '9000',
    });
    await steward.call('list_departments');
    const idle = await settled(steward, 'steward_database_connections_in_use', 0);
    expect(valueOf(idle, 'steward_calls_in_flight')).toBe(0);
    expect(valueOf(idle, 'steward_database_connections_idle')).toBeGreaterThan(0);
    expect(valueOf(idle, 'steward_database_connections_max')).toBe(2);

    holder = await holdUser(database, 7);
    const calls = Array.from({ length: 5 }, (_, i) =>
      steward.call('set_user_role', { user_id: 7, role: `Waiter ${i}` }),
    );
    // Of two connections one is left to reads.
    const busy = await settled(steward, 'steward_database_waiting', 4);
    expect(valueOf(busy, 'steward_calls_in_flight')).toBe(5);
    expect(valueOf(busy, 'steward_database_connections_in_use')).toBe(1);
    expect(codeOf(await steward.call('list_departments'))).toBe('RATE_LIMITED');

    await holder.query('ROLLBACK');
    for (const answer of await Promise.all(calls)) expect(codeOf(answer)).toBeUndefined();
    const after = await settled(steward, 'steward_database_connections_in_use', 0);
    expect(valueOf(after, 'steward_calls_in_flight')).toBe(0);
    expect(valueOf(after, 'steward_database_waiting')).toBe(0);
    expect(counts(after, 'steward_refused_requests_total')).toEqual({ 'in_flight RATE_LIMITED': 1 });
    expect(counts(after, 'steward_calls_total')).toEqual({
      'tool list_departments OK': 1,
      'tool set_user_role OK': 5,
    });
  });

  it('counts a call whose client hung up as cancelled, and its request as not answered', async () => {
    const steward = await start();
    await steward.call('list_departments');
    holder = await holdUser(database, 8);
    const hangingUp = new AbortController();
    const call = steward.call('set_user_role', { user_id: 8, role: 'Gone' }, { signal: hangingUp.signal });
    await settled(steward, 'steward_calls_in_flight', 1);
    hangingUp.abort();
    await expect(call).rejects.toThrow('aborted');
    const families = await settled(steward, 'steward_calls_in_flight', 0);
    await holder.query('ROLLBACK');
    expect(counts(families, 'steward_calls_total')).toMatchObject({ 'tool set_user_role CANCELLED': 1 });
    expect(counts(families, 'steward_http_requests_total')).toMatchObject({ '/mcp none': 1 });
  });
});
