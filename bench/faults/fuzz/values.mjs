import fc from 'fast-check';

/** JSON text that no JavaScript value says: numbers beyond all bounds, members that mean something else to JavaScript. */
class Text {
  #json;

  /** @param {string} json */
  constructor(json) {
    this.#json = json;
  }

  toString() {
    return this.#json;
  }
}

/** JSON.stringify, for values with texts in them. @param {unknown} value @returns {string} */
export function toJson(value) {
  if (value instanceof Text) return value.toString();
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${toJson(member)}`)
    .join(',')}}`;
}

const TEXTS = [
  '1e400',
  '-1e400',
  '1e308',
  '-0',
  '9007199254740993',
  '123456789012345678901234567890',
  '2147483648',
  '0.1',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '{"toString":1,"valueOf":2,"hasOwnProperty":3,"then":4}',
  '{"a":1,"a":2}',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
].map((json) => new Text(json));

const STRINGS = [
  '',
  ' ',
  '\0',
  '\u202egnp.exe',
  '\ufeffAda',
  'e\u0301',
  'ﷺ',
  '👩‍👩‍👧‍👦',
  "'; DROP TABLE users; --",
  '%',
  '\\',
  '$1',
  '../../etc/passwd',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'null',
  'x'.repeat(5000),
  'ß'.repeat(300),
];

/** Arrays and objects within each other, deeper than anybody needs. */
const deep = fc
  .record({ depth: fc.integer({ min: 5, max: 3000 }), open: fc.constantFrom('[', '{"a":') })
  .map(({ depth, open }) => new Text(`${open.repeat(depth)}1${(open === '[' ? ']' : '}').repeat(depth)}`));

/** Anything that can stand in JSON, and is seldom what is wanted. @type {fc.Arbitrary<unknown>} */
export const odd = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 4, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 2, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
  { weight: 2, arbitrary: fc.double() },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], { a: { b: 1 } }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: deep },
);

/** Names of members that mean something, somewhere. */
export const oddKey = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'then', '', '\0', 'id', 'limit', '_meta', 'task'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
