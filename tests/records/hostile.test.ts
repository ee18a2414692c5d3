import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Zoo } from './zoo/zoo.js';

const LONG = 'x'.repeat(70);
const HOSTILE = [
  "'; DROP TABLE zoo.animals; --",
  '"; drop table zoo.animals; --',
  `a"b'c\`d`,
  '\\',
  "\\'",
  '$1',
  '${1}',
  '%_%',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'é́ 🐘 ‮',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'then',
  `${LONG}a`,
  `${LONG}b`,
  '1 or 1=1',
  '(((((((((',
  "name = 'a' -- ",
  'id; select pg_sleep(9)',
  '',
  ' ',
  '[{"field":"__proto__","op":"eq","value":"x"}]',
  '[{"field":"id","op":"constructor","value":"x"}]',
  '{"__proto__":1}',
  '[',
  'NaN',
  'Infinity',
  '9'.repeat(400),
  '1e99999',
  '2026-02-30',
  '999999-12-31',
  'now-99999y',
];

/** Start, what is repeated, and end. */
const REPEATED: [string, string, string][] = [
  ['(', "''", ''],
  ['(', "'", '"'],
  ['sum(', ' ', 'x'],
  ['month(', ' ', 'x'],
  ['count(distinct ', ' ', 'x'],
  ['children(', ' (', ''],
  ['children', ' ', 'x'],
  ['id', ' )', ' up'],
  ['', '`', 'x'],
  ['', '.', 'x'],
  ['', '1', 'x'],
  ['', '"a', ''],
  ['-', '(1', ')'],
  ['id = ', '(', ''],
  ['', ',', ''],
  ['{', '"a":[', ''],
];

const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

const quote = (value: string) => `'${value.replaceAll("'", "''")}'`;

describe('hostile text', () => {
  let zoo: Zoo;
  beforeAll(async () => void (zoo = await startZoo({ env: { RATE_LIMIT_PER_MINUTE: '100000' } })));
  afterAll(() => zoo.stop());

  /** Nothing but an answer, or an error that says what is wrong. */
  async function expectHonest(tool: string, args: Record<string, unknown>): Promise<void> {
    const { error, text } = await zoo.call(tool, args);
    if (error !== undefined && !['VALIDATION', 'NOT_FOUND'].includes(error))
      throw new Error(`${tool} ${JSON.stringify(args).slice(0, 300)}: ${text}`);
  }

  const ARGUMENTS: [string, string, (hostile: string) => Record<string, unknown>][] = [
    ['model', 'find_records', (model) => ({ model })],
    ['filter', 'find_records', (filter) => ({ model: 'Animal', filter })],
    ['fields', 'find_records', (fields) => ({ model: 'Animal', fields })],
    ['a list of fields', 'find_records', (field) => ({ model: 'Animal', fields: [field, 'id'] })],
    ['include', 'find_records', (include) => ({ model: 'Animal', include })],
    [
      'columns of an include',
      'find_records',
      (inner) => ({ model: 'Animal', include: `children(${inner})` }),
    ],
    ['order_by', 'find_records', (order_by) => ({ model: 'Animal', order_by })],
    ['cursor', 'find_records', (cursor) => ({ model: 'Animal', cursor })],
    ['time_zone', 'find_records', (time_zone) => ({ model: 'Animal', filter: 'seen < now', time_zone })],
    ['key', 'get_record', (key) => ({ model: 'Animal', key })],
    ['a key in quotes', 'get_record', (key) => ({ model: 'constructor', key: quote(key) })],
    ['metrics', 'aggregate_records', (metrics) => ({ model: 'Animal', metrics })],
    ['a metric', 'aggregate_records', (field) => ({ model: 'Animal', metrics: `max(${field})` })],
    ['group_by', 'aggregate_records', (group_by) => ({ model: 'Animal', metrics: 'count', group_by })],
    [
      'having',
      'aggregate_records',
      (having) => ({ model: 'Animal', metrics: 'count', group_by: 'name', having }),
    ],
    [
      'order of groups',
      'aggregate_records',
      (order_by) => ({ model: 'Animal', metrics: 'count', group_by: 'name', order_by }),
    ],
    ['search', 'describe_models', (search) => ({ search })],
  ];

  it.each(ARGUMENTS)('as %s does nothing but be answered', async (_argument, tool, argsOf) => {
    for (const hostile of HOSTILE) await expectHonest(tool, argsOf(hostile));
  });

  // An expression that goes back over its text does not end within the life of this test.
  it.each([
    ...ARGUMENTS,
    ['a list of metrics', 'aggregate_records', (part) => ({ model: 'Animal', metrics: [part] })],
    [
      'a list of keys',
      'aggregate_records',
      (part) => ({ model: 'Animal', metrics: 'count', group_by: [part] }),
    ],
    ['a list of orders', 'find_records', (part) => ({ model: 'Animal', order_by: [part] })],
    ['a list of includes', 'find_records', (part) => ({ model: 'Animal', include: [part] })],
    ['a key in a list', 'get_record', (key) => ({ model: 'constructor', key: [key] })],
    [
      'a value in JSON',
      'count_records',
      (value) => ({ model: 'Animal', filter: { field: 'float', op: 'eq', value } }),
    ],
    [
      'a field in JSON',
      'count_records',
      (field) => ({ model: 'Animal', filter: { field, op: 'eq', value: 1 } }),
    ],
  ] as typeof ARGUMENTS)('as %s is answered soon, however it goes on', async (_argument, tool, argsOf) => {
    for (const length of [60, 1900, 100_000])
      for (const [start, part, end] of REPEATED)
        await expectHonest(tool, argsOf(start + part.repeat(length / part.length) + end));
  });

  it('nested thousands of times is refused', async () => {
    const forms = [nest(9000), nest(50_000), JSON.parse(nest(1000)) as unknown];
    for (const form of forms) {
      await expectHonest('find_records', { model: 'Animal', filter: form });
      await expectHonest('find_records', { model: 'Animal', fields: form });
      await expectHonest('get_record', { model: 'Animal', key: form });
      await expectHonest('aggregate_records', { model: 'Animal', metrics: 'count', having: form });
    }
  });

  const FIELDS =
    'id name note code fixed nick uid address bits small number big float real decimal price alive mood born fed fedZone seen plain data rawData tags numbers moods times decimals parent.name'.split(
      ' ',
    );

  it.each(FIELDS)('as a value of %s is compared as it is, or refused', async (field) => {
    for (const hostile of HOSTILE) {
      for (const operator of ['=', '!=', '<', 'contains', 'has'])
        await expectHonest('count_records', {
          model: 'Animal',
          filter: `${field} ${operator} ${quote(hostile)}`,
        });
      await expectHonest('count_records', {
        model: 'Animal',
        filter: `${field} in (${quote(hostile)}, '1')`,
      });
    }
  });

  it('finds what it names: every character is plain', async () => {
    await zoo.database.query('INSERT INTO zoo.constructor VALUES ($1)', [`a"b'c\\%_`]);
    expect(await zoo.find('constructor', `then = ${quote(`a"b'c\\%_`)}`, 'then')).toEqual([`a"b'c\\%_`]);
    expect(await zoo.find('constructor', `then contains ${quote('\\%_')}`, 'then')).toEqual([`a"b'c\\%_`]);
  });

  it('leaves the tables as they are', async () => {
    expect(await zoo.database.query('SELECT count(*)::int AS n FROM zoo.animals')).toEqual([{ n: 60 }]);
  });
});
