import fc from 'fast-check';
import { odd, oddKey, toJson } from './values.mjs';

/** A tool as tools/list has it. @typedef {{ name: string, inputSchema: { properties?: Record<string, any>, required?: string[] } }} Tool */
/**
 * A request over HTTP. `asks`: it is a JSON-RPC request with an id, so there has to be an answer to it.
 * @typedef {{ body: string, headers: Record<string, string | undefined>, method: string, path: string, tool: string | undefined, asks: boolean }} Request
 */

const METHODS = [
  'initialize',
  'ping',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
  'tasks/get',
  'tasks/result',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'constructor',
  '__proto__',
  '',
];
const PARAMS = [
  'name',
  'arguments',
  'uri',
  'ref',
  'argument',
  'cursor',
  '_meta',
  'task',
  'requestId',
  'protocolVersion',
];
const SENSIBLE = [
  'onboard_user',
  'department_report',
  'directory://departments',
  'directory://users/1',
  'directory://users?search=ada',
  'directory://users/%00',
  'directory://users/1/history',
  { type: 'ref/prompt', name: 'onboard_user' },
  { name: 'role', value: 'Dev' },
  { department: 'Sales' },
];

/** Something that may well be right for an argument of this schema. @param {any} schema @returns {fc.Arbitrary<unknown>} */
function plausible({ type, enum: values }) {
  if (values) return fc.constantFrom(...values);
  if (type === 'integer' || type === 'number') return fc.integer({ min: 1, max: 100 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'object')
    return fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(odd, fc.constantFrom('dark', 3)), {
      maxKeys: 4,
    });
  return fc.oneof(
    fc.constantFrom('Sales', 'engineering', 'Developer', 'ada_abbott', 'ada', 'x@example.com'),
    fc.integer({ min: 0, max: 10 ** 9 }).map((n) => `fuzz_${n}`),
    fc.integer({ min: 0, max: 10 ** 9 }).map((n) => `fuzz.${n}@example.com`),
  );
}

/** Arguments for a tool, some of them right. @param {Tool} tool @returns {fc.Arbitrary<unknown>} */
function argumentsOf({ inputSchema: { properties = {} } }) {
  const each = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      fc.oneof({ weight: 3, arbitrary: plausible(schema) }, { weight: 2, arbitrary: odd }),
    ]),
  );
  return fc.oneof(
    { weight: 6, arbitrary: fc.record(each) },
    { weight: 3, arbitrary: fc.record(each, { requiredKeys: [] }) },
    {
      weight: 2,
      arbitrary: fc
        .record({
          known: fc.record(each, { requiredKeys: [] }),
          more: fc.dictionary(oddKey, odd, { maxKeys: 3 }),
        })
        .map(({ known, more }) => ({ ...known, ...more })),
    },
    { weight: 1, arbitrary: odd },
  );
}

const id = fc.integer({ min: 1, max: 10 ** 9 });

/** Calls of tools, in good form. @param {Tool[]} tools */
const calls = (tools) =>
  fc.constantFrom(...tools).chain((tool) =>
    fc.record({ id, args: argumentsOf(tool) }).map(({ id: number, args }) => ({
      tool: tool.name,
      asks: true,
      body: toJson({
        jsonrpc: '2.0',
        id: number,
        method: 'tools/call',
        params: { name: tool.name, arguments: args },
      }),
    })),
  );

/** All methods there are, and some there are not, with whatever parameters. */
const methods = fc
  .record({
    id,
    method: fc.constantFrom(...METHODS),
    params: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.dictionary(fc.constantFrom(...PARAMS), fc.oneof(odd, fc.constantFrom(...SENSIBLE)), {
          maxKeys: 4,
        }),
      },
      { weight: 1, arbitrary: fc.constant({}) },
    ),
  })
  .map(({ id: number, method, params }) => ({
    asks: true,
    body: toJson({ jsonrpc: '2.0', id: number, method, params }),
  }));

/** What is JSON, and no message. */
const noMessages = fc
  .record(
    {
      jsonrpc: fc.oneof(fc.constantFrom('2.0', '1.0', 2), odd),
      id: odd,
      method: fc.oneof(fc.constantFrom(...METHODS), odd),
      params: odd,
      result: odd,
      error: odd,
      more: odd,
    },
    { requiredKeys: [] },
  )
  .map((message) => ({ body: toJson(message) }));

/** @param {Tool[]} tools */
const batches = (tools) =>
  fc.array(fc.oneof(calls(tools), methods, noMessages), { maxLength: 25 }).map((messages) => ({
    body: `[${messages.map(({ body }) => body).join(',')}]`,
    batch: true,
  }));

/** What is not even JSON, or not quite. @param {Tool[]} tools */
const garbled = (tools) =>
  fc.oneof(
    fc
      .record({ from: calls(tools), at: fc.nat(), junk: fc.string({ unit: 'binary', maxLength: 5 }) })
      .map(({ from, at, junk }) => {
        const cut = at % (from.body.length + 1);
        return { body: from.body.slice(0, cut) + junk };
      }),
    fc
      .record({
        from: calls(tools),
        at: fc.nat(),
        junk: fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      })
      .map(({ from, at, junk }) => {
        const cut = at % from.body.length;
        return { body: from.body.slice(0, cut) + junk + from.body.slice(cut + 1) };
      }),
    fc.string({ unit: 'binary', maxLength: 200 }).map((body) => ({ body })),
    odd.map((value) => ({ body: toJson(value) })),
  );

const HEADERS = {
  'content-type': [
    'text/plain',
    'application/json; charset=utf-16',
    'application/jsonp',
    'multipart/form-data',
    '',
    undefined,
  ],
  'content-encoding': ['gzip', 'identity', 'br', 'nonsense'],
  accept: ['text/html', '*/*', '', 'application/json;q=0', 'a/b;q=x,,;', undefined],
  'mcp-protocol-version': ['2025-03-26', '2024-11-05', '1', '', '2025-11-25, 2025-11-25', '__proto__'],
  'mcp-session-id': ['x', '../..', '__proto__'],
  origin: ['https://evil.example.com', 'null', 'http://localhost', 'nonsense'],
  host: ['evil.example.com', 'localhost:1', '[::1]', 'localhost'],
  authorization: ['Bearer', 'Bearer x', 'Basic eDp4', 'Bearer a b'],
  expect: ['100-continue', 'nonsense'],
  traceparent: ['00-0-0-0', 'x'.repeat(300), '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff'],
  'x-forwarded-for': ['::ffff:1.2.3.4', 'nonsense', '1.2.3.4, 5.6.7.8', ','],
};

/** One or two headers that are not what they should be. */
const headers = fc
  .array(
    fc
      .constantFrom(...Object.entries(HEADERS))
      .chain(([name, values]) =>
        fc.constantFrom(...values).map((value) => /** @type {const} */ ([name, value])),
      ),
    { minLength: 1, maxLength: 2 },
  )
  .map((pairs) => Object.fromEntries(pairs));

/** @param {Tool[]} tools @returns {fc.Arbitrary<Request>} */
export function requests(tools) {
  const good = { headers: {}, method: 'POST', path: '/mcp', tool: undefined, asks: false };
  const message = fc.oneof(calls(tools), methods, noMessages);
  return fc.oneof(
    { weight: 50, arbitrary: calls(tools).map((request) => ({ ...good, ...request })) },
    { weight: 15, arbitrary: methods.map((request) => ({ ...good, ...request })) },
    { weight: 10, arbitrary: noMessages.map((request) => ({ ...good, ...request })) },
    { weight: 10, arbitrary: garbled(tools).map((request) => ({ ...good, ...request })) },
    {
      weight: 3,
      arbitrary: batches(tools).map(({ body }) => ({
        ...good,
        body,
        headers: { 'mcp-protocol-version': '2025-03-26' },
      })),
    },
    {
      weight: 8,
      arbitrary: fc
        .record({ message, headers })
        .map((parts) => ({ ...good, body: parts.message.body, headers: parts.headers })),
    },
    {
      weight: 4,
      arbitrary: fc
        .record({
          message,
          method: fc.constantFrom('GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD', 'POST'),
          path: fc.oneof(
            fc.constantFrom(
              '/',
              '/mcp/',
              '/mcp?x=1',
              '/mcp#x',
              '//mcp',
              '/%6dcp',
              '/health',
              '/ready',
              '/metrics',
              '/.well-known/oauth-protected-resource',
            ),
            fc.webPath(),
          ),
        })
        .map((parts) => ({
          ...good,
          body: parts.message.body,
          method: parts.method,
          path: parts.path || '/',
        })),
    },
  );
}

/** Lines for stdio. @param {Tool[]} tools @returns {fc.Arbitrary<{ body: string, tool?: string, asks?: boolean }>} */
export function lines(tools) {
  return fc.oneof(
    { weight: 6, arbitrary: calls(tools) },
    { weight: 2, arbitrary: methods },
    { weight: 1, arbitrary: noMessages },
    { weight: 1, arbitrary: garbled(tools) },
  );
}
