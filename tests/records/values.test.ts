import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Cell, type Zoo } from './zoo/zoo.js';

/** Animals 1 to 3 become children of 3, so that one include shows all of them. */
const FAMILY = 'UPDATE zoo.animals SET parent_id = 3 WHERE id <= 3';
const FACTS = `UPDATE zoo.animals SET facts = ARRAY['{"snowflake": 750727362669608961, "rate": 1.10}', NULL, '"two"']::jsonb[] WHERE id = 1`;
/** A value that the schema does not know. It cannot be used in the transaction that adds it. */
const LATER_MOOD = `ALTER TYPE zoo.mood ADD VALUE 'sleepy' BEFORE 'calm'`;
const SLEEPY = `UPDATE zoo.animals SET mood = 'sleepy', moods = '{sleepy,NULL,calm}' WHERE id = 60`;

/** A field of an animal, and what its cell holds. */
const CELLS: [field: string, id: number, cell: Cell][] = [
  ['id', 1, 1],
  ['name', 1, 'Ada'],
  ['note', 1, 'line\tone\nline two'],
  ['code', 1, 'A_1'],
  ['fixed', 1, 'ab'],
  ['nick', 1, 'Nick'],
  ['uid', 1, '7b0e5e66-2c35-4dc5-b9b7-9a3a0e0a1a11'],
  ['address', 1, '10.0.0.1/32'],
  ['bits', 1, '101'],
  ['small', 2, -1],
  ['number', 2, -2147483648],
  ['big', 1, '9007199254740993'],
  ['big', 2, '-9223372036854775808'],
  ['float', 1, 0.1],
  ['float', 2, 'NaN'],
  ['float', 3, '-0'],
  ['real', 1, 0.1],
  ['real', 2, 'Infinity'],
  ['decimal', 1, '12345678901234567890.123456789'],
  ['decimal', 2, 'NaN'],
  ['price', 1, '1234.50'],
  ['price', 2, '-0.01'],
  ['alive', 1, true],
  ['alive', 2, false],
  ['mood', 1, 'CALM'],
  ['mood', 2, 'WILD'],
  ['mood', 3, 'Mixed'],
  ['born', 1, '2026-02-28'],
  ['born', 2, '0044-03-15 BC'],
  ['born', 3, '12026-01-01'],
  ['fed', 1, '09:00:00.5'],
  ['fed', 2, '24:00:00'],
  ['fedZone', 1, '09:00:00+02'],
  ['seen', 1, '2026-05-01T09:00:00.123456Z'],
  ['seen', 2, 'infinity'],
  ['seen', 3, '0044-03-15T10:00:00Z BC'],
  ['plain', 1, '2026-05-01T09:00:00.123Z'],
  ['plain', 2, '-infinity'],
];

/** Values that are shown, and cannot be asked for as they are. */
const SHOWN_ONLY: [field: string, id: number, cell: Cell][] = [
  ['data', 1, '{"a": 1, "big": 12345678901234567890}'],
  ['data', 2, 'null'],
  ['data', 60, null],
  ['facts', 1, '[{"rate": 1.10, "snowflake": 750727362669608961},null,"two"]'],
  ['rawData', 1, '{"a":1, "a":2}'],
  ['rawData', 3, 'null'],
  ['tags', 1, '["x","y"]'],
  ['tags', 2, '[]'],
  ['tags', 3, null],
  ['numbers', 1, '[1,null,3]'],
  ['moods', 1, '["CALM","WILD"]'],
  ['moods', 60, '["sleepy",null,"CALM"]'],
  ['times', 1, '["2026-05-01T09:00:00.000001Z"]'],
  ['decimals', 1, '["1.50",null]'],
  ['mood', 60, 'sleepy'],
  ['mood', 5, null],
];

/** PostgreSQL has no least and greatest of these. */
const WITHOUT_LEAST = ['uid', 'bits', 'alive'];

function quote(text: string, by = "'"): string {
  return by + text.replaceAll(by, by + by) + by;
}

describe('A value', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo({ sql: `${FAMILY}; ${FACTS}; ${LATER_MOOD}` });
    await zoo.database.query(SLEEPY);
  });
  afterAll(() => zoo.stop());

  const lookUp = async (model: string, key: string, fields: string) =>
    (await zoo.call('get_record', { model, key, fields })).data.record.rows.map(([, cell]) => cell);

  const all = [...CELLS, ...SHOWN_ONLY];

  it.each(all)('%s of %i is in its row as %j', async (field, id, cell) => {
    expect(await zoo.find('Animal', `id = ${id}`, field)).toEqual([cell]);
  });

  it.each(all)('%s of %i is in get_record as %j', async (field, id, cell) => {
    const { data } = await zoo.call('get_record', { model: 'Animal', key: String(id), fields: field });
    expect(data.record.rows).toEqual([[field, cell]]);
  });

  it.each(all.filter(([, id]) => id <= 3))('%s of %i is in an include as %j', async (field, id, cell) => {
    const { data } = await zoo.call('find_records', {
      model: 'Animal',
      filter: 'id = 3',
      fields: 'id',
      include: `children(id, ${field})`,
    });
    const related = data.records.rows[0]?.[1] as Cell[][];
    expect(related.find(([child]) => child === id)).toEqual(field === 'id' ? [id] : [id, cell]);
  });

  it.each(CELLS)('%s of %i makes a group named %j', async (field, id, cell) => {
    const { data } = await zoo.call('aggregate_records', {
      model: 'Animal',
      metrics: 'count',
      group_by: field,
      filter: `id = ${id}`,
    });
    expect(data.groups.rows).toEqual([[cell, 1]]);
  });

  it.each(CELLS.filter(([field]) => !WITHOUT_LEAST.includes(field)))(
    '%s of %i is the least and the greatest as %j',
    async (field, id, cell) => {
      const { data } = await zoo.call('aggregate_records', {
        model: 'Animal',
        metrics: `min(${field}), max(${field})`,
        filter: `id = ${id}`,
      });
      expect(data.groups.rows).toEqual([[cell, cell]]);
    },
  );

  it.each(CELLS)('%s of %i goes back into a filter as %j', async (field, id, cell) => {
    const value = `'${String(cell)}'`;
    expect(await zoo.find('Animal', `id = ${id} and ${field} = ${value}`)).toEqual([id]);
    expect(await zoo.find('Animal', `id = ${id} and ${field} in (${value})`)).toEqual([id]);
    expect(await zoo.find('Animal', `id = ${id} and ${field} != ${value}`)).toEqual([]);
  });

  it.each([
    ['tags has x', [1]],
    ['numbers has 3', [1]],
    ['moods has calm', [1, 60]],
    ["times has '2026-05-01T09:00:00.000001Z'", [1]],
    ['decimals has 1.5', [1]],
    ['data has a', [1]],
    ['data has two', [3]],
    ['data has 1', [3]],
    ['rawData has a', [1]],
    ['data is null and id < 5', [4]],
    ['rawData is null and id < 4', [2]],
    ['tags is null and id < 4', [3]],
  ])('of a list or JSON is found by %s', async (filter, ids) => {
    expect(await zoo.find('Animal', filter)).toEqual(ids);
  });

  it('of a unique field is a key', async () => {
    expect(await lookUp('Keeper', '9007199254740993', 'name')).toEqual(['Kim']);
    expect(await lookUp('constructor', 'a', 'user')).toEqual(['u']);
    expect(await lookUp('Room', '2, 1', 'keeper.name')).toEqual(['Lee']);
    expect(await lookUp('Visit', 'order = 7', 'amount')).toEqual(['8.75']);
    expect(await lookUp('Visit', '2, 2026-01-02T00:00:00.000001Z', 'quote')).toEqual(['q1']);
  });

  it.each<[model: string, key: unknown, name: Cell]>([
    ['Keeper', 2, 'Lee'],
    ['Keeper', [2], 'Lee'],
    ['Keeper', '[2]', 'Lee'],
    ['Keeper', ['9007199254740993'], 'Kim'],
    ['Keeper', { id: '9007199254740993' }, 'Kim'],
    ['Keeper', '{"id": 2}', 'Lee'],
    ['Visit', [2, '2026-01-02T00:00:00.000001Z'], 1],
    ['Visit', { at: '2026-01-02T00:00:00.000001Z', animalId: 2 }, 1],
    ['Visit', 'at = 2026-01-02T00:00:00.000001Z, animalId = 2', 1],
    ['Visit', { order: 7 }, 7],
    ['Room', '[2, 1]', 2],
    ['constructor', '{"then": "a"}', 'a'],
  ])('of %s is named by %j as JSON', async (model, key, shown) => {
    const fields = { Keeper: 'name', Visit: 'order', Room: 'floor', constructor: 'then' }[model];
    const { data, text } = await zoo.call('get_record', { model, key, fields });
    expect([text, data.record?.rows]).toEqual([text, [[fields, shown]]]);
  });

  it.each<[model: string, key: unknown, message: string]>([
    ['Room', [1], 'Room is named by floor, number; values given: 1.'],
    ['Room', { floor: 1 }, 'Room is named by floor, number.'],
    ['Room', 'floor = 1, floor = 2', 'Room is named by floor, number.'],
    ['Room', {}, 'Room is named by floor, number; values given: 0.'],
    ['Keeper', 9007199254740994, 'Write a number beyond 2^53 as text, since JSON may have rounded it.'],
    ['Keeper', { id: null }, 'A value is text, a number, true or false.'],
    ['Keeper', [[1]], 'A value is text, a number, true or false.'],
    ['Keeper', '[1', 'It begins as JSON does, and is none.'],
    [
      'Visit',
      '2',
      "Visit is named by animalId, at or by order; values given: 1. For another key, name it: order = '2'.",
    ],
    ['Visit', 'quote = q1', 'Visit is named by animalId, at or by order.'],
    ['Visit', 'order > 1', 'Visit is named by animalId, at or by order; values given: 1.'],
    ['Visit', '2, 2026-01-02', "'at' takes a whole time here, such as 2026-05-01T09:00:00Z."],
    [
      'Visit',
      'animalId = 2, at = 2026-01-02',
      "'at' takes a whole time here, such as 2026-05-01T09:00:00Z. (at character 23)",
    ],
    [
      'Keeper',
      '1.5',
      "'id' takes a whole number from -9223372036854775808 to 9223372036854775807, not '1.5'.",
    ],
    ['constructor', 'null', "Nothing equals null. Write then is null, or 'null' in quotes."],
  ])('is no key of %s: %s', async (model, key, message) => {
    expect((await zoo.call('get_record', { model, key })).text).toBe(`VALIDATION: key: ${message}`);
  });

  it('in quotes is a key, with each character in it', async () => {
    const keys = ['a, b', "it's", 'say "x"', 'x = 1', ' and ', 'null'];
    await zoo.database.query(
      `INSERT INTO zoo.constructor VALUES ${keys.map((key) => `(${quote(key)})`).join()}`,
    );
    for (const key of keys)
      for (const written of [
        quote(key),
        `then = ${quote(key)}`,
        quote(key, '"'),
        `then = ${quote(key, '"')}`,
      ])
        expect(
          (await zoo.call('get_record', { model: 'constructor', key: written, fields: 'then' })).data.record
            .rows,
        ).toEqual([['then', key]]);
    const none = await zoo.call('get_record', { model: 'constructor', key: 'none' });
    expect(none.text).toBe(
      'NOT_FOUND: There is no constructor with this key. find_records looks by other fields.',
    );
  });

  it('keeps its name where SQL has other uses for it', async () => {
    const { data } = await zoo.call('find_records', {
      model: 'Visit',
      filter: "order <= 4 and (`not` = '1' or quote = q4)",
      fields: 'order, `not`, quote',
      order_by: 'order desc',
    });
    expect(data.records).toEqual({
      columns: ['order', 'not', 'quote'],
      rows: [
        [4, null, 'q4'],
        [1, '1', 'q1'],
      ],
    });
  });

  it('of an enum that the schema lacks makes a group of its own', async () => {
    const { data } = await zoo.call('aggregate_records', {
      model: 'Animal',
      metrics: 'count, max(mood)',
      group_by: 'mood',
      filter: 'id in (1, 60)',
    });
    expect(data.groups.rows).toEqual([
      ['sleepy', 1, 'sleepy'],
      ['CALM', 1, 'CALM'],
    ]);
  });

  it('of a view is read as of a table', async () => {
    expect(await zoo.find('Crowd', 'mood = WILD', 'total')).toEqual(['20']);
  });
});

describe('Bytes', () => {
  it('are hidden, and once shown give their length', async () => {
    const zoo = await startZoo({ section: { models: { Animal: { fields: { picture: 'show' } } } } });
    try {
      expect(await zoo.find('Animal', 'id <= 3', 'picture')).toEqual([2, 0, null]);
      expect(await zoo.find('Animal', 'picture is not null')).toEqual([1, 2]);
      const filtered = await zoo.call('count_records', { model: 'Animal', filter: 'picture = 00ff' });
      expect(filtered.text).toBe(
        "VALIDATION: filter: Only is null can be asked of 'picture'. (at character 1)",
      );
    } finally {
      await zoo.stop();
    }
  });
});
