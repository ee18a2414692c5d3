import fc from 'fast-check';

/** A tool as tools/list has it. */
export interface Tool {
  name: string;
  inputSchema: { properties?: Record<string, object> };
}

/** A request over HTTP. An undefined header is left out. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: Record<string, string | undefined>;
  body: string;
}

/** The parts of a text between bars. */
function parts(text: string): string[] {
  return text.split('|').map((part) => part.trim());
}

/** JSON text that no value of JavaScript serializes to, in the place of a value. */
const asText = (json: string) => `json:${json}`;

function toJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /"json:((?:[^"\\]|\\.)*)"/g,
    (_, text: string) => JSON.parse(`"${text}"`) as string,
  );
}

const TEXTS = parts(`
  1e400 | -1e400 | -0 | 9007199254740993 | 12345678901234567890 | {"__proto__":{"admin":true}} | {"a":1,"a":2}
  | {"constructor":{"prototype":{"admin":true}}}`);
const LONG = ['x'.repeat(5000), 'ß'.repeat(300)];
const STRINGS = parts(
  "\u202egnp.exe | 👩‍👩‍👧‍👦 | '; DROP TABLE users; -- | % | ../../etc/passwd | __proto__",
).concat(LONG);

const deep = fc
  .record({ depth: fc.integer({ min: 5, max: 3000 }), open: fc.constantFrom('[', '{"a":') })
  .map(({ depth, open }) => open.repeat(depth) + '1' + (open === '[' ? ']' : '}').repeat(depth));

/** Null characters and halves of surrogate pairs included. */
const codeUnits = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 80 });

/** A value of JSON that is seldom a right one. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...TEXTS.map(asText)),
  fc.constantFrom(...STRINGS),
  fc.constantFrom(null, true, [], {}, [[]], ''),
  deep.map(asText),
  codeUnits,
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);

const oddKey = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'then', 'id', 'limit'), codeUnits);
const id = fc.integer({ min: 1, max: 10 ** 9 });

/** A value that may be right for an argument of this schema. */
function plausible({ type, enum: values }: { type?: string; enum?: unknown[] }): fc.Arbitrary<unknown> {
  if (values) return fc.constantFrom(...values);
  if (type === 'integer' || type === 'number') return fc.integer({ min: 1, max: 100 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'object') return fc.dictionary(fc.string({ maxLength: 8 }), odd, { maxKeys: 4 });
  return fc.oneof(
    fc.constantFrom('Sales', 'Developer', 'ada_abbott', 'x@example.com'),
    id.map((n) => `fuzz_${n}`),
    id.map((n) => `fuzz.${n}@example.com`),
  );
}

function argumentsOf({ inputSchema: { properties = {} } }: Tool): fc.Arbitrary<unknown> {
  const each = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      fc.oneof({ weight: 3, arbitrary: plausible(schema) }, { weight: 2, arbitrary: odd }),
    ]),
  );
  const some = fc.record(each, { requiredKeys: [] });
  const more = fc.dictionary(oddKey, odd, { maxKeys: 3 });
  return fc.oneof(
    { weight: 6, arbitrary: fc.record(each) },
    { weight: 3, arbitrary: some },
    { weight: 2, arbitrary: fc.tuple(some, more).map(([known, unknown]) => ({ ...known, ...unknown })) },
    { weight: 1, arbitrary: odd },
  );
}

/** Calls of tools: the message is in good form, the arguments may be anything. */
const calls = (tools: Tool[]) =>
  fc.constantFrom(...tools).chain((tool) =>
    fc.record({
      jsonrpc: fc.constant('2.0'),
      id,
      method: fc.constant('tools/call'),
      params: fc.record({ name: fc.constant(tool.name), arguments: argumentsOf(tool) }),
    }),
  );

const METHODS = parts(`
  initialize | ping | tools/list | tools/call | prompts/list | prompts/get | completion/complete | resources/list
  | resources/templates/list | resources/read | resources/subscribe | logging/setLevel | tasks/get
  | notifications/initialized | notifications/cancelled | __proto__ |`);
const PARAMS = parts('name | arguments | uri | ref | argument | cursor | _meta | task | requestId');
const URIS = 'onboard_user | directory://departments | directory://users?search=ada | directory://users/%00';
const OBJECTS = [
  { type: 'ref/prompt', name: 'onboard_user' },
  { name: 'role', value: 'Dev' },
];
const SENSIBLE = [...parts(URIS), ...OBJECTS];

/** Every method, and some that do not exist, with any parameters. */
const methods = fc.record({
  jsonrpc: fc.constant('2.0'),
  id,
  method: fc.constantFrom(...METHODS),
  params: fc.dictionary(fc.constantFrom(...PARAMS), fc.oneof(odd, fc.constantFrom(...SENSIBLE)), {
    maxKeys: 4,
  }),
});

/** JSON that is no message. */
const noMessages = fc.record(
  {
    jsonrpc: fc.constantFrom('2.0', '1.0', 2),
    id: odd,
    method: fc.oneof(fc.constantFrom(...METHODS), odd),
    params: odd,
    result: odd,
    error: odd,
    more: odd,
  },
  { requiredKeys: [] },
);

/** Text that is not JSON, or JSON that is no object. */
const garbled = (tools: Tool[]) =>
  fc.oneof(
    fc.tuple(calls(tools).map(toJson), fc.nat(), codeUnits, fc.boolean()).map(([json, at, junk, cut]) => {
      const position = at % json.length;
      return json.slice(0, position) + junk + (cut ? '' : json.slice(position + 1));
    }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    odd.map(toJson),
  );

const HEADERS: Record<string, (string | undefined)[]> = {
  'content-type': ['text/plain', 'application/json; charset=utf-16', 'application/jsonp', '', undefined],
  'content-encoding': ['gzip', 'identity', 'br', 'nonsense'],
  accept: ['text/html', '*/*', '', 'application/json;q=0', 'a/b;q=x,,;', undefined],
  'mcp-protocol-version': ['2025-03-26', '1', '', '2025-11-25, 2025-11-25', '__proto__'],
  'mcp-session-id': ['x', '../..', '__proto__'],
  origin: ['https://evil.example.com', 'null', 'http://localhost', 'nonsense'],
  host: ['evil.example.com', 'localhost:1', '[::1]', 'localhost'],
  authorization: ['Bearer', 'Bearer x', 'Basic eDp4', 'Bearer a b'],
  expect: ['100-continue', 'nonsense'],
  traceparent: ['00-0-0-0', 'x'.repeat(300), '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff'],
  'x-forwarded-for': ['::ffff:1.2.3.4', 'nonsense', '1.2.3.4, 5.6.7.8', ','],
};
const oddHeader = fc
  .constantFrom(...Object.entries(HEADERS))
  .chain(([name, values]) => fc.constantFrom(...values).map((value) => [name, value] as const));
const oddHeaders = fc
  .array(oddHeader, { minLength: 1, maxLength: 2 })
  .map((pairs) => Object.fromEntries(pairs));
const oddPath = fc.oneof(
  fc.constantFrom('/', '/mcp/', '/mcp?x=1', '/mcp#x', '//mcp', '/%6dcp', '/health', '/ready', '/metrics'),
  fc.webPath().map((path) => path || '/'),
);

export function httpRequests(tools: Tool[]): fc.Arbitrary<HttpRequest> {
  const message = fc.oneof(calls(tools), methods, noMessages).map(toJson);
  const batch = fc.array(fc.oneof(calls(tools), methods, noMessages), { maxLength: 25 }).map(toJson);
  const post = { method: fc.constant('POST'), path: fc.constant('/mcp'), headers: fc.constant({}) };
  const verb = fc.constantFrom('GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD', 'POST');
  const oldVersion = fc.constant({ 'mcp-protocol-version': '2025-03-26' });
  return fc.oneof(
    { weight: 85, arbitrary: fc.record({ ...post, body: lines(tools) }) },
    { weight: 3, arbitrary: fc.record({ ...post, headers: oldVersion, body: batch }) },
    { weight: 8, arbitrary: fc.record({ ...post, headers: oddHeaders, body: message }) },
    { weight: 4, arbitrary: fc.record({ ...post, method: verb, path: oddPath, body: message }) },
  );
}

/** Lines for stdio, which are bodies over HTTP as well. */
export function lines(tools: Tool[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: calls(tools).map(toJson) },
    { weight: 2, arbitrary: methods.map(toJson) },
    { weight: 1, arbitrary: noMessages.map(toJson) },
    { weight: 1, arbitrary: garbled(tools) },
  );
}

const BODY = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const LONG_LINE = `POST /${'x'.repeat(20_000)} HTTP/1.1`;
const REQUEST_LINES = parts(`
  POST /mcp HTTP/1.1 | POST /mcp HTTP/1.0 | POST /mcp HTTP/9.9 | POST /mcp | post /mcp http/1.1 | GARBAGE
  | GET http://evil.example.com/mcp HTTP/1.1 | CONNECT localhost:1 HTTP/1.1 | PRI * HTTP/2.0
  | \x16\x03\x01\x02\x00 | ${LONG_LINE}`);
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
