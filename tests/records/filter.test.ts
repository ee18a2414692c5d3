import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { onServer } from '../support/conditions.js';
import { startZoo, type Cell, type Zoo } from './zoo/zoo.js';

/** Characters that LIKE reads as wildcards, and a column whose collation refuses LIKE. */
const TRAPS = `
  CREATE COLLATION zoo.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  ALTER TABLE zoo.animals ALTER code TYPE varchar(20) COLLATE zoo.blind;
  UPDATE zoo.animals SET note = '50% off_now' || chr(92) || 'x' WHERE id = 3;
  UPDATE zoo.animals SET name = 'and' WHERE id = 60;
`;

const FIELDS =
  'id small big float real decimal price alive mood born fed fedZone seen plain uid address bits nick fixed name numbers moods times decimals data rawData'.split(
    ' ',
  );

/** Numbers, times and addresses, nearly right; words that PostgreSQL has a meaning for; any characters. */
const ANY_VALUE = fc.oneof(
  fc.stringMatching(/^[-+0-9.eE:TZ ,/$]{1,14}$/),
  fc.stringMatching(
    /^[0-9]{1,7}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?( BC)?$/,
  ),
  fc.stringMatching(/^now[+-][0-9]{1,5}(min|h|d|w|mo|y)$/),
  fc.stringMatching(/^-?[0-9]{1,25}(\.[0-9]{1,5})?(e[+-]?[0-9]{1,4})?$/),
  fc.stringMatching(/^[0-9a-f:./{}]{1,40}$/),
  fc.constantFrom(
    'infinity',
    '-Infinity',
    'NaN',
    'null',
    'true',
    '',
    'epoch',
    'today',
    '24:00',
    '23:59:60',
    '\0',
    '\ud800',
    '{}',
    '[1',
    '"',
    "'",
    '\\',
    '%',
    '$1',
    "'; drop table zoo.animals; --",
  ),
  fc.string({ unit: 'binary' }),
);

describe('A filter', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo({ sql: TRAPS });
  });
  afterAll(() => zoo.stop());

  const refusal = async (filter: unknown, model = 'Animal') => {
    const answer = await zoo.call('find_records', { model, filter });
    return answer.text;
  };

  const ids = async (model: string, filter: unknown): Promise<Cell[]> => {
    const { data, text, error } = await zoo.call('find_records', {
      model,
      filter,
      fields: model === 'Visit' ? 'order' : model === 'Room' ? 'floor, number' : 'id',
      limit: 100,
    });
    if (error !== undefined) throw new Error(text);
    return data.records.rows.map((row) => (row.length === 1 ? (row[0] as Cell) : row));
  };

  it.each<[string, string, Cell[]]>([
    // Comparisons.
    ['Animal', 'number = 10', [1]],
    ['Animal', 'id != 1 and id < 4', [2, 3]],
    ['Animal', 'id <> 1 and id < 4', [2, 3]],
    ['Animal', 'id<=2', [1, 2]],
    ['Animal', 'id > 59', [60]],
    ['Animal', 'id >= 59', [59, 60]],
    ['Animal', 'big >= 9007199254740993', [1]],
    ['Animal', 'decimal > 12345678901234567890.123456788 and id = 1', [1]],
    ['Animal', 'decimal > 12345678901234567890.123456789 and id = 1', []],
    ['Animal', 'alive = TRUE', [1]],
    ['Animal', 'alive != true', [2]],
    // Enums are read in any case and compared in the database's order: WILD, Mixed, CALM.
    ['Animal', 'mood = Calm and id < 4', [1]],
    ['Animal', 'mood > wild and id < 4', [1, 3]],
    ['Animal', 'mood in (CALM, mixed) and id < 4', [1, 3]],
    // Equality is the column's own.
    ['Animal', "nick = 'NICK'", [1, 2]],
    ['Animal', 'nick in (NICK, x)', [1, 2]],
    ['Animal', "fixed = 'ab   '", [1]],
    ['Animal', "name = 'ADA'", []],
    // Lists of values.
    ['Animal', 'id in (1, 3, 99)', [1, 3]],
    ['Animal', 'id not in (1, 2) and id < 5', [3, 4]],
    ['Animal', "name in ('Ada', Bob)", [1, 2]],
    ['Animal', 'born in (2026-02-28, 12026-01-01)', [1, 3]],
    // Text, in which case does not count and each character stands for itself.
    ['Animal', 'name contains AD', [1]],
    ['Animal', 'name starts with a and id < 4', [1]],
    ['Animal', 'name ends with B', [2]],
    ['Animal', "note contains '50%'", [3]],
    ['Animal', "note contains '0_'", []],
    ['Animal', "note contains 'off_n'", [3]],
    ['Animal', "note contains 'off%n'", []],
    ['Animal', "note ends with 'W\\x'", [3]],
    ['Animal', "note starts with '5%'", []],
    ['Animal', "code contains '%'", [2]],
    ['Animal', 'code contains a_', [1]],
    ['Animal', "nick contains 'IC'", [1, 2]],
    ['Animal', "fixed ends with 'B'", [1]],
    ['Animal', 'name not contains animal', [1, 2, 3, 60]],
    ['Animal', 'name not starts with animal', [1, 2, 3, 60]],
    // Lists and JSON.
    ['Animal', 'tags has x', [1]],
    ['Animal', 'numbers has 2', []],
    ['Animal', "data has 'null'", [3]],
    ['Animal', 'data not has a and id < 4', [2, 3]],
    // Null.
    ['Animal', 'mood is null and id < 9', [5, 8]],
    ['Animal', 'parent is null', [1]],
    ['Animal', 'parent is not null and id < 4', [2, 3]],
    ['Animal', 'parent.parent is null and id < 7', [1, 2, 3, 5]],
    // And before or; brackets; not.
    ['Animal', 'id = 1 or id = 2 and name = Bob', [1, 2]],
    ['Animal', '(id = 1 or id = 2) and name = Bob', [2]],
    ['Animal', 'not (id > 1)', [1]],
    ['Animal', 'not id > 2 and not name = Ada', [2]],
    // Paths and quantifiers.
    ['Animal', 'parent.name = Ada and id < 4', [2, 3]],
    ['Animal', 'parent.parent.name = Ada and id < 8', [4, 6, 7]],
    ['Animal', 'children some (id = 2)', [1]],
    ['Animal', 'children none () and id < 8', [6, 7]],
    ['Animal', 'children some () and id < 8', [1, 2, 3, 4, 5]],
    ['Animal', 'keepers some (name = Lee)', [1, 2]],
    ['Animal', 'keepers every (name = Lee) and id < 4', [2, 3]],
    ['Animal', 'keepers some (rooms some (next is null and floor = 2))', [1, 2]],
    ['Animal', 'parent.keepers some (name = Kim) and id < 4', [2, 3]],
    ['Animal', 'parent.children none (id = 2) and id < 9', [4, 6, 7, 8]],
    ['Animal', 'friends some (id = 1)', [2, 3]],
    ['Animal', 'friendOf some (id = 2)', [1, 3]],
    ['Visit', 'animal.name = Bob and order < 12', [1, 6, 11]],
    ['Visit', 'amount = 1.250', [1]],
    ['Visit', '`not` is null and order < 9', [8, 4]],
    [
      'Room',
      'next is null',
      [
        [1, 1],
        [2, 1],
      ],
    ],
    ['Room', 'next.floor = 1', [[1, 2]]],
    [
      'Room',
      'keeper is not null',
      [
        [1, 1],
        [2, 1],
      ],
    ],
    // Words and numbers.
    ['Animal', 'float = 1. or float = .1', [1]],
    ['Animal', "name = 'and'", [60]],
    ['Animal', 'name = "and"', [60]],
    ['Animal', 'mood is null and id < 12 or `id` = 1', [1, 5, 8, 11]],
  ])('of %s: %s', async (model, filter, found) => {
    expect(await ids(model, filter)).toEqual(found);
  });

  it.each<[string, unknown, number[]]>([
    ['eq', { field: 'name', op: 'eq', value: 'Ada' }, [1]],
    [
      'ne',
      [
        { field: 'id', op: 'ne', value: 1 },
        { field: 'id', op: 'lt', value: 4 },
      ],
      [2, 3],
    ],
    [
      'lte and gte',
      [
        { field: 'id', op: 'lte', value: 3 },
        { field: 'id', op: 'gte', value: 2 },
      ],
      [2, 3],
    ],
    ['gt', { field: 'id', op: 'gt', value: 59 }, [60]],
    ['in', { field: 'id', op: 'in', value: [1, '3'] }, [1, 3]],
    [
      'not_in',
      [
        { field: 'id', op: 'not_in', value: [1] },
        { field: 'id', op: 'lt', value: 3 },
      ],
      [2],
    ],
    ['contains', { field: 'name', op: 'contains', value: 'AD' }, [1]],
    ['starts_with', { field: 'name', op: 'starts_with', value: 'bo' }, [2]],
    ['ends_with', { field: 'name', op: 'ends_with', value: 'yd' }, [3]],
    ['has', { field: 'tags', op: 'has', value: 'x' }, [1]],
    ['is_null', { field: 'parent', op: 'is_null' }, [1]],
    [
      'is_null false',
      [
        { field: 'parent', op: 'is_null', value: false },
        { field: 'id', op: 'lt', value: 4 },
      ],
      [2, 3],
    ],
    ['true', { field: 'alive', op: 'eq', value: true }, [1]],
    [
      'a path',
      [
        { field: 'parent.name', op: 'eq', value: 'Ada' },
        { field: 'id', op: 'lt', value: 4 },
      ],
      [2, 3],
    ],
    ['the word null', { field: 'name', op: 'eq', value: 'null' }, []],
  ])('as JSON: %s', async (_, filter, found) => {
    expect(await ids('Animal', filter)).toEqual(found);
    expect(await ids('Animal', JSON.stringify(filter))).toEqual(found);
  });

  it.each([
    // Names: the nearest visible one is named, and a hidden one is as one that is not there.
    [
      'nam = Ada',
      "VALIDATION: filter: Animal has no field 'nam'. Did you mean 'name'? describe_models names its fields. (at character 1)",
    ],
    [
      'id = 1 and parent.nme = x',
      "VALIDATION: filter: Animal has no field 'nme'. Did you mean 'name'? describe_models names its fields. (at character 12)",
    ],
    [
      'password = x',
      "VALIDATION: filter: Animal has no field 'password'. describe_models names its fields. (at character 1)",
    ],
    [
      'passwort = x',
      "VALIDATION: filter: Animal has no field 'passwort'. describe_models names its fields. (at character 1)",
    ],
    [
      'microchip = x',
      "VALIDATION: filter: 'microchip' is masked: it can be selected, and nothing else. (at character 1)",
    ],
    [
      'children.name = x',
      "VALIDATION: filter: 'children' leads to many records: write children some (…), none (…) or every (…). (at character 1)",
    ],
    [
      'children is null',
      "VALIDATION: filter: 'children' leads to many records: write children none () for those without any. (at character 1)",
    ],
    [
      'parent some (id = 1)',
      "VALIDATION: filter: some is for relations to many records; 'parent' is one Animal: write parent.FIELD. (at character 1)",
    ],
    [
      'name some (id = 1)',
      "VALIDATION: filter: some is for relations to many records; 'name' is String. (at character 1)",
    ],
    [
      'name.length = 1',
      "VALIDATION: filter: 'name' is no relation, so nothing can follow it. (at character 1)",
    ],
    [
      'parent = 1',
      "VALIDATION: filter: 'parent' is a record of Animal: name one of its fields, as parent.id. (at character 1)",
    ],
    [
      'parent.parent.parent.parent.id = 1',
      'VALIDATION: filter: A path leads over at most 3 relations. (at character 1)',
    ],
    // Syntax.
    [
      'name Ada',
      'VALIDATION: filter: Expected =, !=, <, <=, >, >=, in, contains, starts with, ends with, has, is null, some, none or every, found Ada. (at character 6)',
    ],
    [
      'name = Ada Lovelace',
      'VALIDATION: filter: Expected and, or, or the end, found Lovelace. A value of several words needs quotes. (at character 12)',
    ],
    ['name =', 'VALIDATION: filter: Expected a value, found the end. (at character 7)'],
    // An emoji is one character.
    [
      "name = '🦁' and nme = 1",
      "VALIDATION: filter: Animal has no field 'nme'. Did you mean 'name'? describe_models names its fields. (at character 16)",
    ],
    ["note = '🦁🦁' and", 'VALIDATION: filter: Expected a field, found the end. (at character 16)'],
    ["name = 'Ada", "VALIDATION: filter: The ' here is not closed. (at character 8)"],
    ['name = {x}', 'VALIDATION: filter: Put values with characters such as { in quotes. (at character 8)'],
    ['(id = 1', 'VALIDATION: filter: Expected ), found the end. (at character 8)'],
    ['id = 1)', 'VALIDATION: filter: Expected and, or, or the end, found ). (at character 7)'],
    ['id in 1', 'VALIDATION: filter: Expected (, found 1. (at character 7)'],
    ['id in ()', 'VALIDATION: filter: Expected a value, found ). (at character 8)'],
    ['name starts A', 'VALIDATION: filter: Expected with after starts, found A. (at character 13)'],
    [
      'name not = Ada',
      'VALIDATION: filter: Expected in, contains, starts with, ends with or has after not, found =. (at character 10)',
    ],
    ['name is empty', 'VALIDATION: filter: Expected null, found empty. (at character 9)'],
    ['parent..name = x', 'VALIDATION: filter: A name is missing. (at character 1)'],
    ['parent. = x', 'VALIDATION: filter: A name is missing. (at character 1)'],
    ['and = 1 or', 'VALIDATION: filter: Expected a field, found the end. (at character 11)'],
    // Values: nothing is rounded, cut or guessed.
    [
      'name = null',
      "VALIDATION: filter: Nothing equals null. Write name is null, or 'null' in quotes. (at character 8)",
    ],
    [
      'number = 1.5',
      "VALIDATION: filter: 'number' takes a whole number from -2147483648 to 2147483647, not '1.5'. (at character 10)",
    ],
    [
      'number = 1e3',
      "VALIDATION: filter: 'number' takes a whole number from -2147483648 to 2147483647, not '1e3'. (at character 10)",
    ],
    [
      'number in (1, 2147483648)',
      "VALIDATION: filter: 'number' takes a whole number from -2147483648 to 2147483647, not '2147483648'. (at character 15)",
    ],
    [
      'small = 40000',
      "VALIDATION: filter: 'small' takes a whole number from -32768 to 32767, not '40000'. (at character 9)",
    ],
    [
      'big = 9223372036854775808',
      "VALIDATION: filter: 'big' takes a whole number from -9223372036854775808 to 9223372036854775807, not '9223372036854775808'. (at character 7)",
    ],
    [
      'numbers has 1.5',
      "VALIDATION: filter: 'numbers' takes a whole number from -2147483648 to 2147483647, not '1.5'. (at character 13)",
    ],
    ['float = 1e999', "VALIDATION: filter: 'float' takes a number, not '1e999'. (at character 9)"],
    ['real = 1e39', "VALIDATION: filter: 'real' takes a number, not '1e39'. (at character 8)"],
    ['real = 1e-60', "VALIDATION: filter: 'real' takes a number, not '1e-60'. (at character 8)"],
    ['decimal = 1,5', 'VALIDATION: filter: Expected and, or, or the end, found ,. (at character 12)'],
    ["decimal = '1,5'", "VALIDATION: filter: 'decimal' takes a decimal number, not '1,5'. (at character 11)"],
    [
      'price = 0.001',
      "VALIDATION: filter: 'price' takes an amount such as 1234.50, not '0.001'. (at character 9)",
    ],
    [
      'price = NaN',
      "VALIDATION: filter: 'price' takes an amount such as 1234.50, not 'NaN'. (at character 9)",
    ],
    ['uid = 7b0e5e66', "VALIDATION: filter: 'uid' takes a UUID, not '7b0e5e66'. (at character 7)"],
    [
      "uid = '{7b0e5e66-2c35-4dc5-b9b7-9a3a0e0a1a11'",
      "VALIDATION: filter: 'uid' takes a UUID, not '{7b0e5e66-2c35-4dc5-b9b7-9a3a0e0a1a11'. (at character 7)",
    ],
    [
      'address = 10.0.0.256',
      "VALIDATION: filter: 'address' takes an IP address or network, not '10.0.0.256'. (at character 11)",
    ],
    [
      "address = 'fe80::1%eth0'",
      "VALIDATION: filter: 'address' takes an IP address or network, not 'fe80::1%eth0'. (at character 11)",
    ],
    ['bits = 102', "VALIDATION: filter: 'bits' takes bits, 0 and 1, not '102'. (at character 8)"],
    ['alive = yes', "VALIDATION: filter: 'alive' takes true or false, not 'yes'. (at character 9)"],
    [
      'alive > false',
      "VALIDATION: filter: 'alive' is true or false: compare it with = or !=. (at character 1)",
    ],
    ['mood = clam', "VALIDATION: filter: 'mood' is one of CALM, WILD, Mixed, not 'clam'. (at character 8)"],
    [
      'mood = wyld',
      "VALIDATION: filter: 'mood' is one of CALM, WILD, Mixed, not 'wyld'. Did you mean 'WILD'? (at character 8)",
    ],
    [
      'seen = 2026-02-30',
      "VALIDATION: filter: 'seen' takes a day such as 2026-05-01, a time such as 2026-05-01T09:00Z, or now-7d (min h d w mo y), not '2026-02-30'. (at character 8)",
    ],
    [
      'fed = 25:00',
      "VALIDATION: filter: 'fed' takes a time of day such as 09:30 or 09:30:00.5, not '25:00'. (at character 7)",
    ],
    [
      'fed = 24:30',
      "VALIDATION: filter: 'fed' takes a time of day such as 09:30 or 09:30:00.5, not '24:30'. (at character 7)",
    ],
    [
      'tags = x',
      "VALIDATION: filter: 'tags' is a list: write tags has VALUE, or tags is null. (at character 1)",
    ],
    [
      'data = 1',
      "VALIDATION: filter: 'data' is JSON: only has and is null can be asked of it. (at character 1)",
    ],
    ['number contains 1', "VALIDATION: filter: contains is for text; 'number' is Int. (at character 1)"],
    ['uid starts with 7b', "VALIDATION: filter: starts with is for text; 'uid' is Uuid. (at character 1)"],
    ['name has x', "VALIDATION: filter: has is for lists and JSON; 'name' is String. (at character 1)"],
  ])('that is wrong is refused: %s', async (filter, message) => {
    expect(await refusal(filter)).toBe(message);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '[{"field": "id"', 'VALIDATION: filter: It begins as JSON does, and is none.'],
    [
      'an unknown operator',
      [{ field: 'id', op: 'like', value: 1 }],
      'VALIDATION: filter: Condition 1 must be {"field","op","value"}, op one of eq, ne, lt, lte, gt, gte, contains, starts_with, ends_with, in, not_in, has, is_null; a value is text of at most 4000 characters, a number, true or false, or a list of at most 200 of these.',
    ],
    [
      'no value',
      [
        { field: 'id', op: 'eq', value: 1 },
        { field: 'id', op: 'eq' },
      ],
      'VALIDATION: filter: Condition 2: eq needs one value.',
    ],
    [
      'a list for one value',
      { field: 'id', op: 'eq', value: [1] },
      'VALIDATION: filter: Condition 1: eq needs one value, not a list.',
    ],
    [
      'one value for a list',
      { field: 'id', op: 'in', value: 1 },
      'VALIDATION: filter: Condition 1: in needs a list of values.',
    ],
    [
      'a fraction for an integer',
      { field: 'id', op: 'eq', value: 1.5 },
      "VALIDATION: filter: 'id' takes a whole number from -2147483648 to 2147483647, not '1.5'.",
    ],
    [
      'a number that JSON may have rounded',
      { field: 'big', op: 'eq', value: 9007199254740994 },
      'VALIDATION: filter: Condition 1: write a number beyond 2^53 as text, since JSON may have rounded it.',
    ],
    [
      'a number',
      17,
      'VALIDATION: filter: must be text. Arguments: model, filter, fields, include, order_by, limit, cursor, total, time_zone.',
    ],
  ])('as JSON that is wrong is refused: %s', async (_, filter, message) => {
    expect(await refusal(filter)).toBe(message);
  });

  it.each([
    [
      '4,000 characters',
      `name = '${'x'.repeat(4000)}'`,
      'VALIDATION: filter: It has 4009 characters; at most 4000 are read.',
    ],
    [
      '8 brackets',
      `${'('.repeat(9)}id = 1${')'.repeat(9)}`,
      'VALIDATION: filter: Brackets and not go at most 8 deep. (at character 10)',
    ],
    [
      '8 nots',
      `${'not '.repeat(9)}id = 1`,
      'VALIDATION: filter: Brackets and not go at most 8 deep. (at character 37)',
    ],
    [
      '8 relations',
      `${'children some ('.repeat(9)}id = 1${')'.repeat(9)}`,
      'VALIDATION: filter: Brackets and not go at most 8 deep. (at character 136)',
    ],
    [
      '50 conditions',
      Array(51).fill('id = 1').join(' or '),
      'VALIDATION: filter: At most 50 conditions are read. (at character 501)',
    ],
    [
      '200 values',
      `id in (${Array(201).fill('1').join()})`,
      'VALIDATION: filter: A list has at most 200 values. (at character 1)',
    ],
  ])('goes no further than %s', async (_, filter, message) => {
    expect(await refusal(filter)).toBe(message);
  });

  // The embedded database has no ICU, and so compares by characters alone.
  onServer('on a server', () => {
    it('finds equal what the collation of a column makes equal', async () => {
      expect(await ids('Animal', "code = 'a_1'")).toEqual([1]);
      expect(await ids('Animal', "code in ('a_1')")).toEqual([1]);
    });
  });

  it('with any value is answered, or refused as a value: never as a fault of the database', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...FIELDS),
      fc.constantFrom('eq', 'gt', 'in', 'has'),
      ANY_VALUE,
      async (field, op, text) => {
        const filter = { field, op, value: op === 'in' ? [text] : text };
        const { error } = await zoo.call('count_records', { model: 'Animal', filter });
        expect([undefined, 'VALIDATION']).toContain(error);
      },
    );
    await fc.assert(property, { seed: 10, numRuns: 2000 });
  });

  it('is read up to its bounds', async () => {
    expect(await ids('Animal', `${'('.repeat(8)}id = 1${')'.repeat(8)}`)).toEqual([1]);
    expect(await ids('Animal', Array(50).fill('id = 1').join(' or '))).toEqual([1]);
    expect(await ids('Animal', `id in (${Array(200).fill('1').join()})`)).toEqual([1]);
  });
});
