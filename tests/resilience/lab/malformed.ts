import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import fc from 'fast-check';
import type { HttpRequest } from '../../support/http.js';
import { claims, standardHeaders } from '../../support/modern.js';

// JSON is made as text: some of it says what no value of JavaScript does.
type Json = fc.Arbitrary<string>;

/** The parts of a text between bars. */
const parts = (text: string) => text.split('|').map((part) => part.trim());

const toJson = (value: unknown) => JSON.stringify(value);
const oneOf = (values: readonly unknown[]): Json => fc.constantFrom(...values).map(toJson);

function toObject(members: [name: string, json: string | undefined][]): string {
  return `{${members.map(([name, json]) => `${toJson(name)}:${json}`).join()}}`;
}

const members = (name: fc.Arbitrary<string>, value: Json, maxLength: number) =>
  fc.array(fc.tuple(name, value), { maxLength });

const object = (made: Record<string, Json>): Json =>
  fc.record(made).map((texts) => toObject(Object.entries(texts)));

/** Null characters and halves of surrogate pairs included. */
const codeUnits = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 80 });

const deep: Json = fc
  .record({ depth: fc.integer({ min: 5, max: 3000 }), open: fc.constantFrom('[', '{"a":') })
  .map(({ depth, open }) => open.repeat(depth) + '1' + (open === '[' ? ']' : '}').repeat(depth));

const ODD_TEXTS = parts(`
  1e400 | -1e400 | -0 | 9007199254740993 | 12345678901234567890 | {"__proto__":{"admin":true}} | {"a":1,"a":2}
  | {"constructor":{"prototype":{"admin":true}}} | null | true | [] | {} | [[]] | ""`);
const ODD_STRINGS = parts(
  "\u202egnp.exe | 👩‍👩‍👧‍👦 | '; DROP TABLE users; -- | % | ../../etc/passwd | __proto__",
).concat('x'.repeat(5000), 'ß'.repeat(300));

/** A value of JSON that is seldom a right one. */
const odd: Json = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  oneOf(ODD_STRINGS),
  deep,
  codeUnits.map(toJson),
  fc.json({ maxDepth: 3, stringUnit: 'binary' }),
);

const id = fc.integer({ min: 1, max: 10 ** 9 });

/** A value that may be right for an argument of this schema. */
function plausible({ type, enum: values }: { type?: string; enum?: unknown[] }): Json {
  if (values) return oneOf(values);
  if (type === 'integer' || type === 'number') return fc.integer({ min: 1, max: 100 }).map(toJson);
  if (type === 'boolean') return fc.boolean().map(toJson);
  if (type === 'object') return members(fc.string({ maxLength: 8 }), odd, 4).map(toObject);
  return fc.oneof(
    oneOf(['Sales', 'Developer', 'ada_abbott', 'x@example.com']),
    id.map((n) => `"fuzz_${n}"`),
    id.map((n) => `"fuzz.${n}@example.com"`),
  );
}

function argumentsOf({ inputSchema: { properties = {} } }: Tool): Json {
  const value = (schema: object) =>
    fc.oneof({ weight: 3, arbitrary: plausible(schema) }, { weight: 2, arbitrary: odd });
  const each = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, value(schema)]));
  const unknown = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'then', 'id', 'limit'), codeUnits);
  const someAndMore = fc
    .tuple(fc.record(each, { requiredKeys: [] }), members(unknown, odd, 3))
    .map(([some, more]) => toObject([...Object.entries(some), ...more]));
  return fc.oneof(
    { weight: 6, arbitrary: object(each) },
    { weight: 5, arbitrary: someAndMore },
    { weight: 1, arbitrary: odd },
  );
}

const message = (method: Json, params: Json) =>
  object({ jsonrpc: fc.constant('"2.0"'), id: id.map(toJson), method, params });

/** The message is in good form, the arguments may be anything. */
const calls = (tools: Tool[]) =>
  fc
    .constantFrom(...tools)
    .chain((tool) =>
      message(oneOf(['tools/call']), object({ name: oneOf([tool.name]), arguments: argumentsOf(tool) })),
    );

const CLAIMS = claims({ elicitation: {}, sampling: {} });

/** What a request of the modern era says of itself, right or wrong (specification 2026-07-28, basic). */
const claimed: Json = fc.oneof(
  { weight: 3, arbitrary: oneOf([CLAIMS]) },
  {
    weight: 2,
    arbitrary: fc
      .record(
        Object.fromEntries(
          Object.entries(CLAIMS).map(([key, value]) => [key, fc.oneof(oneOf([value, '2031-01-01']), odd)]),
        ),
        { requiredKeys: [] },
      )
      .map((some) => toObject(Object.entries(some))),
  },
);

/** A call with claims and, now and then, with answers to what was never asked. */
const modernCallOf = (tool: Tool) =>
  fc
    .record({ given: argumentsOf(tool), claimed, answers: fc.option(odd), state: fc.option(odd) })
    .chain(({ given, claimed: meta, answers, state }) =>
      message(
        oneOf(['tools/call']),
        fc.constant(
          toObject([
            ['name', toJson(tool.name)],
            ['arguments', given],
            ['_meta', meta],
            ...(answers === null ? [] : [['inputResponses', answers] as [string, string]]),
            ...(state === null ? [] : [['requestState', state] as [string, string]]),
          ]),
        ),
      ),
    );

const modernCalls = (tools: Tool[]) => fc.constantFrom(...tools).chain(modernCallOf);

const METHODS = parts(`
  initialize | server/discover | subscriptions/listen | ping | tools/list | tools/call | prompts/list | prompts/get | completion/complete | resources/list
  | resources/templates/list | resources/read | resources/subscribe | logging/setLevel | tasks/get
  | notifications/initialized | notifications/cancelled | __proto__ |`);
const PARAMS = parts(
  'name | arguments | uri | ref | argument | cursor | _meta | task | requestId | inputResponses | requestState',
);
const SENSIBLE = [
  ...parts('onboard_user | directory://departments | directory://users?search=ada | directory://users/%00'),
  { type: 'ref/prompt', name: 'onboard_user' },
  { name: 'role', value: 'Dev' },
];

/** Every method, and some that do not exist, with any parameters. */
const methods = message(
  oneOf(METHODS),
  fc
    .tuple(
      members(fc.constantFrom(...PARAMS), fc.oneof(odd, oneOf(SENSIBLE)), 4),
      fc.option(claimed, { freq: 1 }),
    )
    .map(([some, meta]) => toObject(meta === null ? some : [...some, ['_meta', meta]])),
);

/** JSON that is no message. */
const noMessages = members(
  fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error', 'more'),
  fc.oneof(odd, oneOf(['2.0', '1.0', ...METHODS])),
  7,
).map(toObject);

/** Text that is not JSON, or JSON that is no object. */
const garbled = (tools: Tool[]) =>
  fc.oneof(
    fc.tuple(calls(tools), fc.nat(), codeUnits, fc.boolean()).map(([json, at, junk, cut]) => {
      const position = at % json.length;
      return json.slice(0, position) + junk + (cut ? '' : json.slice(position + 1));
    }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    odd,
  );

/** Lines for stdio, which are bodies over HTTP as well. */
export const lines = (tools: Tool[]): Json =>
  fc.oneof(
    { weight: 4, arbitrary: calls(tools) },
    { weight: 3, arbitrary: modernCalls(tools) },
    { weight: 2, arbitrary: methods },
    { weight: 1, arbitrary: noMessages },
    { weight: 1, arbitrary: garbled(tools) },
  );

const HEADERS: Record<string, (string | undefined)[]> = {
  'content-type': ['text/plain', 'application/json; charset=utf-16', 'application/jsonp', '', undefined],
  'content-encoding': ['gzip', 'identity', 'br', 'nonsense'],
  accept: ['text/html', '*/*', '', 'application/json;q=0', 'a/b;q=x,,;', undefined],
  'mcp-protocol-version': [
    ...parts('2025-03-26 | 1 || 2025-11-25, 2025-11-25 | __proto__ | 2026-07-28 | 2031-01-01'),
    undefined,
  ],
  'mcp-method': parts('tools/call | tools/list | __proto__ || =?base64?eA==?='),
  'mcp-name': parts('get_user | =?base64?Z2V0X3VzZXI=?= | =?base64?=?= | =?base64?%%?= | __proto__ |'),
  'mcp-session-id': ['x', '../..', '__proto__'],
  origin: ['https://evil.example.com', 'null', 'http://localhost', 'nonsense'],
  host: ['evil.example.com', 'localhost:1', '[::1]', 'localhost'],
  authorization: ['Bearer', 'Bearer x', 'Basic eDp4', 'Bearer a b'],
  expect: ['100-continue', 'nonsense'],
  traceparent: ['00-0-0-0', 'x'.repeat(300), '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff'],
  'x-forwarded-for': ['::ffff:1.2.3.4', 'nonsense', '1.2.3.4, 5.6.7.8', ','],
};
const oddHeaders = fc
  .subarray(Object.entries(HEADERS), { minLength: 1, maxLength: 2 })
  .chain((some) =>
    fc.record(Object.fromEntries(some.map(([name, values]) => [name, fc.constantFrom(...values)]))),
  );
/** A call of the modern era, with headers that say the same and, now and then, one that does not. */
const modernRequests = (tools: Tool[]): fc.Arbitrary<HttpRequest> =>
  fc.constantFrom(...tools).chain((tool) =>
    fc.record({
      headers: fc
        .option(oddHeaders, { freq: 1 })
        .map((lies) => ({ ...standardHeaders('tools/call', tool), ...lies })),
      body: modernCallOf(tool),
    }),
  );

const oddPath = fc.oneof(
  fc.constantFrom('/', '/mcp/', '/mcp?x=1', '/mcp#x', '//mcp', '/%6dcp', '/health', '/ready', '/metrics'),
  fc.webPath().map((path) => path || '/'),
);

export function httpRequests(tools: Tool[]): fc.Arbitrary<HttpRequest> {
  const body = lines(tools);
  const batch = fc.array(body, { maxLength: 25 }).map((messages) => `[${messages.join()}]`);
  const oldVersion = fc.constant({ 'mcp-protocol-version': '2025-03-26' });
  const verb = fc.constantFrom('GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD', 'POST');
  return fc.oneof(
    { weight: 60, arbitrary: fc.record({ body }) },
    { weight: 25, arbitrary: modernRequests(tools) },
    { weight: 3, arbitrary: fc.record({ headers: oldVersion, body: batch }) },
    { weight: 8, arbitrary: fc.record({ headers: oddHeaders, body }) },
    { weight: 4, arbitrary: fc.record({ method: verb, path: oddPath, body }) },
  );
}

const BODY = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const REQUEST_LINES = parts(`
  POST /mcp HTTP/1.1 | POST /mcp HTTP/1.0 | POST /mcp HTTP/9.9 | POST /mcp | post /mcp http/1.1 | GARBAGE
  | GET http://evil.example.com/mcp HTTP/1.1 | CONNECT localhost:1 HTTP/1.1 | PRI * HTTP/2.0
  | \x16\x03\x01\x02\x00 | POST /${'x'.repeat(20_000)} HTTP/1.1`);
const FIELDS = parts(`
  Host: localhost | Host: localhost\r\nHost: other | Content-Type: application/json | Connection: close
  | Accept: application/json, text/event-stream | Content-Length: ${BODY.length} | Content-Length: -1
  | Content-Length: 1\r\nContent-Length: 2 | Content-Length: 99999999999999999999 | Content-Length: 5000000
  | Transfer-Encoding: chunked | Transfer-Encoding: chunked, chunked | Transfer-Encoding: gzip | No colon here
  | : no name | X-Null: \0 | X-Folded: a\r\n b | Upgrade: websocket\r\nConnection: Upgrade
  | Expect: 100-continue | X-Long: ${'y'.repeat(20_000)}`);
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
const BODIES = [BODY, '', CHUNKED, 'zz\r\nbroken\r\n', BODY.repeat(3)];

/** Text for a port of HTTP, in latin1. */
export const rawRequests: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...REQUEST_LINES), fc.subarray(FIELDS), fc.constantFrom(...BODIES))
    .map(([line, fields, body]) => `${[line, ...fields].join('\r\n')}\r\n\r\n${body}`),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);
