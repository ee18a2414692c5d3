import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { VERSION } from '../../src/version.js';
import { ROOT, steward as run } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.mjs';
import { codeOf, HttpSteward } from '../support/http.js';
import { linesOf } from '../support/log.js';
import { OtlpCollector, type SpanSeen } from '../support/otlp-collector.js';
import { startSteward } from '../support/steward.js';
import { RUN_DIR } from '../support/template.mjs';

let database: TestDatabase;
let collectors: OtlpCollector[] = [];
let running: HttpSteward[] = [];

beforeAll(async () => void (database = await freshDatabase()));
afterAll(() => database.drop());
afterEach(async () => {
  await Promise.all(running.map((steward) => steward.stop()));
  await Promise.all(collectors.map((collector) => collector.stop()));
  [running, collectors] = [[], []];
});

async function collect(options: Parameters<typeof OtlpCollector.start>[0] = {}): Promise<OtlpCollector> {
  const collector = await OtlpCollector.start(options);
  collectors.push(collector);
  return collector;
}

/** With batches that are sent at once, unless a test wants to see something else. */
async function start(endpoint: string, env: Record<string, string> = {}): Promise<HttpSteward> {
  const steward = await HttpSteward.start({
    ...database.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '20',
    ...env,
  });
  running.push(steward);
  return steward;
}

const newTrace = () => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') });

const headersOf = ({ traceId, spanId }: { traceId: string; spanId: string }, flags = '01') => ({
  headers: { traceparent: `00-${traceId}-${spanId}-${flags}` },
});

const isCall = ({ name }: SpanSeen) => name.startsWith('tools/call');
const isHttp = ({ name }: SpanSeen) => name === 'POST /mcp';
const isQuery = ({ name }: SpanSeen) => name === 'prisma:client:db_query';

/** From a span to the root of its trace: the names on the way. */
function ancestry(spans: SpanSeen[], span: SpanSeen): string[] {
  const parent = spans.find(
    ({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId,
  );
  return [span.name, ...(parent ? ancestry(spans, parent) : [])];
}

describe('a traced call', () => {
  it('is one trace from HTTP over the call to the query, and a part of the trace it came in', async () => {
    const collector = await collect();
    const steward = await start(collector.url);
    const caller = newTrace();
    const answer = await steward.call('find_users', { department: 'Sales', limit: 2 }, headersOf(caller));
    const spans = await collector.until(isHttp);

    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([caller.traceId]));
    expect(spans.find(isHttp)).toMatchObject({
      kind: 2,
      parentSpanId: caller.spanId,
      failed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/mcp',
        'url.path': '/mcp',
        'url.scheme': 'http',
        'http.response.status_code': 200,
      },
    });
    expect(spans.find(isCall)).toMatchObject({
      name: 'tools/call find_users',
      kind: 2,
      parentSpanId: spans.find(isHttp)?.spanId,
      failed: false,
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'find_users',
        'steward.capability': 'find_users',
        'steward.outcome': 'OK',
      },
    });
    const queries = spans.filter(isQuery);
    expect(queries.length).toBeGreaterThan(0);
    for (const query of queries) {
      expect(query).toMatchObject({ kind: 3, attributes: { 'db.system.name': 'postgresql' } });
      expect(ancestry(spans, query)).toEqual([
        'prisma:client:db_query',
        'prisma:client:operation',
        'tools/call find_users',
        'POST /mcp',
      ]);
    }
    const line = await steward.logged('call');
    expect(spans.find(isCall)?.attributes['steward.request_id']).toBe(line['requestId']);
    expect(answer.status).toBe(200);
  });

  it('keeps its spans together however many run at once, also in transactions', async () => {
    const collector = await collect();
    // On a busy machine, the last of them waits long for the one session of the embedded database.
    const steward = await start(collector.url, { DB_ACQUIRE_TIMEOUT_MS: '8000' });
    const callers = Array.from({ length: 12 }, newTrace);
    const answers = await Promise.all(
      callers.map((caller, i) =>
        steward.call('set_user_role', { user_id: 20 + i, role: `Traced ${i}` }, headersOf(caller)),
      ),
    );
    expect(answers.filter((answer) => codeOf(answer) !== undefined)).toEqual([]);
    expect(await steward.stop()).toEqual({ code: 0, signal: null });
    // All spans were taken by the collector.
    expect(steward.log().filter(({ level }) => level !== 'info')).toEqual([]);
    for (const { traceId, spanId } of callers) {
      const spans = collector.spans.filter((span) => span.traceId === traceId);
      expect(spans.filter(isHttp)).toEqual([expect.objectContaining({ parentSpanId: spanId })]);
      expect(spans.filter(isCall)).toHaveLength(1);
      const texts = spans.filter(isQuery).map(({ attributes }) => String(attributes['db.query.text']));
      for (const statement of [
        /FOR UPDATE/,
        /^UPDATE "public"."users"/,
        /^INSERT INTO .*audit_log/,
        /^COMMIT/,
      ])
        expect(texts.filter((text) => statement.test(text))).toHaveLength(1);
      for (const span of spans) expect(ancestry(spans, span).at(-1)).toBe('POST /mcp');
    }
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(callers.length);
  });

  it('says by its status and type that it failed, and is sent before the server ends', async () => {
    const collector = await collect();
    const steward = await start(`${collector.url}/`, { OTEL_BSP_SCHEDULE_DELAY: '600000' });
    await steward.call('get_user', { id: 999_999 });
    await steward.request('resources/read', { uri: 'directory://users/999999' });
    expect(collector.requests).toEqual([]);
    await steward.stop();
    expect(collector.requests.map((request) => request.path)).toEqual(['/v1/traces']);
    const failed = collector.spans.filter((span) => span.failed);
    expect(
      failed.map(({ name, attributes }) => [name, attributes['steward.outcome'], attributes['error.type']]),
    ).toEqual([
      ['tools/call get_user', 'NOT_FOUND', 'tool_error'],
      ['resources/read user', 'NOT_FOUND', 'NOT_FOUND'],
    ]);
  });

  it('shows no personal data: no argument, no value in a statement, no name, no address', async () => {
    const collector = await collect();
    const steward = await start(collector.url, { STEWARD_CALLER: 'secret-caller' });
    const user = { username: 'secret_name', email: 'secret.mail@example.com', role: 'Secret Role' };
    await steward.call('create_user', user);
    await steward.call('create_user', user);
    await steward.call('find_users', { search: 'secret search', department: 'Secret Department' });
    await steward.call('update_user_preferences', {
      user_id: 5,
      preferences: { secret_key: 'secret value' },
    });
    await steward.call('secret_tool@example.com', { secret_argument: 1 });
    await steward.request('resources/read', { uri: 'directory://users?role=secret-role' });
    await steward.request('resources/read', { uri: 'directory://secret/7' });
    await steward.request('prompts/get', { name: 'secret', arguments: {} });
    await steward.request('tools/list', {}, { path: '/mcp?secret=query' });
    await steward.send({ path: '/secret', body: '{}' });
    await steward.stop();
    expect(collector.spans.filter(isQuery).length).toBeGreaterThan(10);
    for (const { body } of collector.requests) {
      expect(body).not.toMatch(/secret/i);
      expect(body).not.toMatch(/@example|127\.0\.0\.1/);
    }
  });

  it('starts a trace of its own where none came with it, or nothing that is one; probes and the start make none', async () => {
    const collector = await collect();
    const steward = await start(collector.url, { METRICS_TOKEN: 'a-token-of-the-metrics' });
    for (const probe of ['/health', '/ready', '/metrics']) await steward.send({ method: 'GET', path: probe });
    const { traceId } = newTrace();
    const headers = [undefined, 'garbage', `00-${traceId}-0-01`, `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`];
    for (const traceparent of headers)
      await steward.call('list_departments', {}, { headers: { traceparent } });
    const metas = [7, 'x', [], null, { traceparent: 7, baggage: { a: 1 } }];
    for (const _meta of metas)
      await steward.request('tools/call', { name: 'list_departments', arguments: {}, _meta });
    await steward.stop();
    const roots = collector.spans.filter(({ parentSpanId }) => parentSpanId === '');
    expect(roots.map(({ name }) => name)).toEqual([...headers, ...metas].map(() => 'POST /mcp'));
    expect(new Set(roots.map((root) => root.traceId)).size).toBe(roots.length);
    expect(roots.map((root) => root.traceId)).not.toContain(traceId);
  });

  it('over stdio continues the trace in its _meta, and is sent before the server ends', async () => {
    const collector = await collect();
    const steward = await startSteward({
      database,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '600000' },
    });
    const caller = newTrace();
    await steward.client.callTool({
      name: 'get_user',
      arguments: { id: 5 },
      _meta: { traceparent: headersOf(caller).headers.traceparent },
    });
    expect(collector.spans).toEqual([]);
    await steward.stop();
    const spans = await collector.until(isCall);
    expect(spans.find(isCall)).toMatchObject({ traceId: caller.traceId, parentSpanId: caller.spanId });
    expect(spans.filter(isQuery).length).toBeGreaterThan(0);
    for (const span of spans) expect(ancestry(spans, span).at(-1)).toBe('tools/call get_user');
  });
});

describe("OpenTelemetry's own variables", () => {
  it('are honoured: the service’s name and attributes, headers, compression, a URL for traces alone', async () => {
    const collector = await collect();
    const steward = await start('http://127.0.0.1:1', {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/some/where`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=staff',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'hr-steward',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    await steward.call('list_departments');
    await collector.until(isHttp);
    expect(collector.requests[0]).toMatchObject({
      path: '/some/where',
      headers: { 'x-tenant': 'staff', 'content-encoding': 'gzip' },
    });
    expect(collector.resource).toMatchObject({
      'service.name': 'hr-steward',
      'service.version': VERSION,
      'deployment.environment.name': 'test',
    });
    expect(collector.resource['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('are honoured: the certificate that a collector is trusted by', async () => {
    const [key, certificate] = [path.join(RUN_DIR, 'otlp.key'), path.join(RUN_DIR, 'otlp.pem')];
    const request =
      '-x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=collector -addext subjectAltName=IP:127.0.0.1';
    const files = ['-keyout', key, '-out', certificate];
    await promisify(execFile)('openssl', ['req', ...request.split(' '), ...files]);
    const collector = await collect({ tls: { key: await readFile(key), cert: await readFile(certificate) } });
    const steward = await start(collector.url, { OTEL_EXPORTER_OTLP_CERTIFICATE: certificate });
    await steward.call('list_departments');
    expect((await collector.until(isHttp)).some(isCall)).toBe(true);
  });

  it.each([
    ['the sampler takes nothing', { OTEL_TRACES_SAMPLER: 'always_off' }, '01'],
    [
      'the sampler takes none of a hundred',
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
      '01',
    ],
    ['the caller’s trace is not sampled', {}, '00'],
  ])('leave a call unrecorded where %s', async (_what, env, flags) => {
    const collector = await collect();
    const steward = await start(collector.url, env);
    expect(await steward.call('list_departments', {}, headersOf(newTrace(), flags))).toMatchObject({
      status: 200,
    });
    await steward.stop();
    expect(collector.requests).toEqual([]);
  });

  it('that make no sense are told', async () => {
    const collector = await collect();
    const steward = await start(collector.url, { OTEL_TRACES_SAMPLER: 'sometimes' });
    expect((await steward.logged('opentelemetry'))['cause']).toContain('OTEL_TRACES_SAMPLER');
    const { code, stderr } = await run(['http'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4317' });
    expect(code).toBe(1);
    expect(stderr).toContain('OTEL_EXPORTER_OTLP_ENDPOINT must start with http:// or https://');
  });
});

describe('a collector', () => {
  it('that is not there matters to no call and is told once, as is its coming back', async () => {
    const port = await freePort();
    const steward = await start(`http://127.0.0.1:${port}`, { OTEL_EXPORTER_OTLP_TIMEOUT: '100' });
    for (let i = 0; i < 10; i += 1) {
      expect(codeOf(await steward.call('list_departments'))).toBeUndefined();
      await setTimeout(60);
    }
    const lost = 'traces cannot be sent and are dropped';
    expect(await steward.logged(lost)).toMatchObject({
      level: 'warn',
      cause: expect.stringContaining('ECONNREFUSED'),
    });
    const collector = await collect({ port });
    await steward.call('list_departments');
    await collector.until(isHttp);
    await steward.logged('traces are sent again');
    expect(linesOf(steward, lost)).toHaveLength(1);
    expect(await steward.stop()).toEqual({ code: 0, signal: null });
    // Nothing else is said of it.
    expect(steward.log().filter(({ level }) => level !== 'info')).toHaveLength(1);
  });

  it('that does not answer does not keep the server from ending', async () => {
    const { url } = await collect({ answers: false });
    const steward = await start(url);
    expect(codeOf(await steward.call('list_departments'))).toBeUndefined();
    expect(await steward.stop()).toEqual({ code: 0, signal: null });
    expect(steward.log().at(-1)?.message).toBe('stopped');
  });
});

/** Has a process list the modules it has loaded. @returns the optional packages among them, once it has ended */
const listing = (name: string) => {
  const file = path.join(RUN_DIR, name);
  const list = JSON.stringify(path.join(ROOT, 'tests', 'support', 'list-modules.cjs'));
  const loaded = async () => {
    const modules = (await readFile(file, 'utf8')).split('\n');
    const optional = modules.filter((module) => module.includes('/dist/optional/'));
    return optional.map((module) => path.basename(module, '.cjs')).toSorted();
  };
  return { env: { NODE_OPTIONS: `--require ${list}`, LOADED_MODULES_FILE: file }, loaded };
};

describe('what is not asked for', () => {
  const TOKEN = { METRICS_TOKEN: 'a-token-of-the-metrics' };
  it.each<[string, () => Promise<Record<string, string>>, string[]]>([
    ['is not loaded by the HTTP server', async () => ({}), []],
    [
      'is loaded once it is asked for',
      async () => ({
        ...TOKEN,
        OTEL_EXPORTER_OTLP_ENDPOINT: (await collect()).url,
        REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
      }),
      ['opentelemetry', 'prom-client', 'redis'],
    ],
  ])('%s', async (what, asked, expected) => {
    const { env, loaded } = listing(what);
    const steward = await HttpSteward.start({ ...database.env, ...env, ...(await asked()) });
    await steward.call('list_departments');
    await steward.stop();
    expect(await loaded()).toEqual(expected);
  });

  it('is not loaded over stdio', async () => {
    const { env, loaded } = listing('modules-stdio');
    const steward = await startSteward({ database, env: { ...TOKEN, ...env } });
    await steward.call('list_departments');
    await steward.stop();
    expect(await loaded()).toEqual([]);
  });
});
