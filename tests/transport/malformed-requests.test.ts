import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { HttpSteward } from '../support/http.js';
import { RawClient, type Reply } from '../support/raw-client.js';

/** Requests that no SDK would send, over both transports: each is refused in our words and with a code, or answered. */

let database: TestDatabase;
let stdio: RawClient;
let http: HttpSteward;

beforeAll(async () => {
  database = await freshDatabase();
  [stdio, http] = await Promise.all([
    RawClient.start(database),
    HttpSteward.start({ ...database.env, RATE_LIMIT_PER_MINUTE: '10000' }),
  ]);
});

afterAll(async () => {
  await Promise.all([stdio.end(), http.stop()]);
  await database.drop();
});

type Answer = Pick<Reply, 'id' | 'result' | 'error'>;

const TRANSPORTS: [name: string, send: (text: string, id: Reply['id']) => Promise<Answer>][] = [
  [
    'stdio',
    (text, id) => {
      stdio.write(`${text}\n`);
      return stdio.reply(id);
    },
  ],
  ['HTTP', async (text) => (await http.send({ body: text })).json as Answer],
];

/** Words of the SDK and of its validation library. */
const NOT_OURS =
  /zod|\bexpected\b|\breceived\b|invalid_|Invalid (?:input|option|key)|"path"|does not support/;

function expectCoded({ error }: Answer, rpcCode: number, code: string, says: RegExp): void {
  expect(error).toEqual({
    code: rpcCode,
    message: expect.stringMatching(new RegExp(`^${code}: `)),
    data: { code },
  });
  expect(error?.message).toMatch(says);
  expect(error?.message).not.toMatch(NOT_OURS);
  expect(error?.message.length).toBeLessThan(300);
}

const request = (members: object) =>
  JSON.stringify({ jsonrpc: '2.0', id: 'mine', method: 'ping', ...members });
const greeting = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
};
const greet = (members: object) => request({ method: 'initialize', params: { ...greeting, ...members } });
const call = { name: 'get_user', arguments: { id: 1 } };
const listed = { name: 'list_departments' };

const greetAs = (clientInfo: unknown) => greet({ clientInfo });
const MISTYPED_TASK = { 'io.modelcontextprotocol/related-task': 5 };

describe.each(TRANSPORTS)('over %s', (_transport, send) => {
  it.each([
    ['a number', '5', null, /must be an object/],
    ['another version', request({ jsonrpc: '1.0' }), 'mine', /: jsonrpc is /],
    ['no version', request({ jsonrpc: undefined }), 'mine', /: jsonrpc is /],
    ['an id that is null', request({ id: null }), null, /: id is /],
    ['an id that is a list', request({ id: [1] }), null, /: id is /],
    ['an id that is no whole number', request({ id: 1.5 }), 1.5, /: id is /],
    ['an id too large', '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', null, /: id is /],
    ['a method that is no text', request({ method: 5 }), 'mine', /: method is /],
    ['an unknown member', request({ ['x'.repeat(999)]: 1 }), 'mine', /: unknown member "x{50}"\.$/],
    ['a result besides a method', request({ result: {} }), 'mine', /: unknown member "result"/],
    [
      'a list and no id',
      '{"jsonrpc":"2.0","method":"notifications/x","params":[1]}',
      null,
      /^VALIDATION: params must be /,
    ],
    ['half of it', '{"jsonrpc":"2.0","id":1,', null, /JSON/],
  ])('a message with %s is refused', async (_what, text, id, says) => {
    const code = /^5$|}$/.test(text) ? (text.includes('"params"') ? -32602 : -32600) : -32700;
    const answer = await send(text, id);
    expect(answer.id).toBe(id);
    expectCoded(answer, code, 'VALIDATION', says);
  });

  it.each([
    ['a list', [1], /: params must be a JSON object/],
    ['text', 'x', /: params must be a JSON object/],
    ['a number', 0, /: params must be a JSON object/],
    ['_meta that is no object', { _meta: 5 }, /: params\._meta must be a JSON object/],
    ['_meta that is a list', { _meta: ['x'] }, /: params\._meta must be a JSON object/],
    ['a mistyped token', { _meta: { progressToken: {} } }, /: params\._meta\.progressToken must be /],
    ['a mistyped task', { _meta: MISTYPED_TASK }, /related-task must be a JSON object/],
  ])('a request whose parameters are %s is told so, by its id', async (_what, params, says) => {
    const answer = await send(request({ params }), 'mine');
    expect(answer.id).toBe('mine');
    expectCoded(answer, -32602, 'VALIDATION', says);
  });

  it('null and an empty list around the arguments are absent', async () => {
    const answer = await send(request({ method: 'tools/call', params: listed }), 'mine');
    expect(answer.result).toMatchObject({ structuredContent: { total: 8 } });
    for (const more of [
      { _meta: null },
      { _meta: [] },
      { _meta: { progressToken: null, traceparent: null } },
      { arguments: null },
      { arguments: [] },
      { task: null, cursor: null },
    ])
      expect(await send(request({ method: 'tools/call', params: { ...listed, ...more } }), 'mine')).toEqual(
        answer,
      );
    for (const [method, params] of [
      ['ping', null],
      ['ping', []],
      ['tools/list', null],
      ['tools/list', []],
      ['tools/list', { cursor: null }],
      ['tools/list', { cursor: '' }],
      ['prompts/list', { _meta: null }],
    ] as const)
      expect((await send(request({ method, params }), 'mine')).result).toBeDefined();
    const greeted = await send(greet({ capabilities: [], _meta: null }), 'mine');
    expect(greeted.result).toMatchObject({ serverInfo: { name: 'steward' } });
  });

  it.each([
    ['no parameters', request({ method: 'initialize' }), /protocolVersion: .*capabilities: .*clientInfo: /],
    ['no version', greet({ protocolVersion: undefined }), /^VALIDATION: protocolVersion: is missing/],
    ['a version that is a number', greet({ protocolVersion: 5 }), /protocolVersion: must be a string/],
    ['no client', greetAs(undefined), /^VALIDATION: clientInfo: is missing/],
    ['a client without a name', greetAs({ version: '1' }), /clientInfo\.name: is missing/],
    ['a client of no version', greetAs({ name: 'a', version: null }), /clientInfo\.version: /],
    ['no capabilities', greet({ capabilities: undefined }), /^VALIDATION: capabilities: is missing/],
    ['capabilities that are a list', greet({ capabilities: [1] }), /capabilities: must be a JSON object/],
  ])('a greeting with %s is refused', async (_what, text, says) => {
    expectCoded(await send(text, 'mine'), -32602, 'VALIDATION', says);
  });

  it('a greeting in an unknown version, or with unknown capabilities, is answered', async () => {
    const unknown = { protocolVersion: '2999-01-01', capabilities: { roots: 5, telepathy: {} }, task: {} };
    for (const text of [greet(unknown), greet({ protocolVersion: '' })]) {
      expect((await send(text, 'mine')).result).toMatchObject({
        protocolVersion: '2025-11-25',
        serverInfo: { name: 'steward' },
        capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
      });
    }
  });

  it.each([
    'tasks/get',
    'logging/setLevel',
    'resources/subscribe',
    'sampling/createMessage',
    '__proto__',
    '',
  ])('the method "%s" there is not', async (method) => {
    expectCoded(await send(request({ method, params: {} }), 'mine'), -32601, 'NOT_FOUND', /no method/);
  });

  it.each([
    ['tools/call', { ...call, task: {} }],
    ['tools/call', { ...call, task: { ttl: 60_000 } }],
    ['tools/call', { ...call, task: 'soon' }],
    ['tools/list', { task: {} }],
    ['resources/read', { uri: 'directory://departments', task: {} }],
    ['prompts/get', { name: 'department_report', arguments: { department: 'Sales' }, task: {} }],
    ['ping', { task: {} }],
  ])('%s with %j is answered as if no task had been asked for', async (method, params) => {
    const { task: _, ...without } = params as Record<string, unknown>;
    const answer = await send(request({ method, params }), 'mine');
    expect(answer.result).toBeDefined();
    expect(answer).toEqual(await send(request({ method, params: without }), 'mine'));
  });

  it('_meta may hold what tracing does not understand', async () => {
    const _meta = { progressToken: 'p', traceparent: 5, tracestate: [], baggage: { a: 1 } };
    const answer = await send(request({ method: 'tools/call', params: { ...listed, _meta } }), 'mine');
    expect(answer.result).toMatchObject({ structuredContent: { total: 8 } });
  });
});

describe('notifications and answers that make no sense', () => {
  const NONSENSE = [
    '{"jsonrpc":"2.0","method":"notifications/cancelled"}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}',
    '{"jsonrpc":"2.0","method":"initialize","params":{}}',
    '{"jsonrpc":"2.0","method":"tools/call","params":{"name":5}}',
    '{"jsonrpc":"2.0","id":"mine","result":{}}',
  ];
  /** An answer to these would be answered in turn, by a client as strict as we are. */
  const BROKEN_ANSWERS = [
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"What?"}}',
    '{"jsonrpc":"2.0","id":"mine","error":{"code":"x","message":5}}',
    '{"jsonrpc":"2.0","id":"mine","result":5}',
  ];

  it('are passed over in silence over stdio', async () => {
    const before = stdio.lines.length;
    stdio.write([...NONSENSE, ...BROKEN_ANSWERS, ''].join('\n'));
    expect((await stdio.request('ping')).result).toEqual({});
    expect(stdio.lines).toHaveLength(before + 1);
  });

  it('are accepted over HTTP, or refused where they are no messages', async () => {
    for (const body of NONSENSE) expect(await http.send({ body })).toMatchObject({ status: 202, text: '' });
    for (const body of BROKEN_ANSWERS) {
      const answer = await http.send({ body });
      expect(answer.status).toBe(400);
      expectCoded(answer.json as Answer, -32600, 'VALIDATION', /not a JSON-RPC 2.0 message/);
    }
  });
});
