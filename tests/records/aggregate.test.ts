import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Cell, type Zoo } from './zoo/zoo.js';

/** Six animals in three moods, with two parents, and numbers that are easy to add. */
const HERD = `
  DELETE FROM zoo."select"; DELETE FROM zoo."_friends"; DELETE FROM zoo."_AnimalToKeeper"; DELETE FROM zoo.animals;
  INSERT INTO zoo.animals (id, name, nick, code, mood, small, number, big, float, real, decimal, price, alive, born, seen, address, parent_id) VALUES
    (1, 'a', 'Nick', 'x', 'WILD', 1, 10, 9007199254740993, 0.5, 0.5, 0.10, 1.25, true, '2026-01-31', '2026-01-31 23:30:00+00', '10.0.0.1', NULL),
    (2, 'b', 'nick', 'x', 'WILD', 2, 20, 9223372036854775807, 1.5, 1.5, 0.20, 2.25, false, '2026-02-01', '2026-02-01 00:30:00+00', '10.0.0.2', 1),
    (3, 'c', 'Zed', 'y', 'calm', 3, 2147483647, 1, 2, 2, 12345678901234567890.123456789, 3, true, '2026-02-28', '2026-02-28 12:00:00+00', NULL, 1),
    (4, 'd', NULL, 'y', 'calm', 4, 2147483647, 2, 'NaN', 4, NULL, NULL, NULL, '2026-12-31', '2026-12-31 12:00:00+00', NULL, 2),
    (5, 'e', NULL, 'y', 'mixed-up', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2027-01-01', '2027-01-01 12:00:00+00', NULL, 2),
    (6, 'f', NULL, NULL, NULL, NULL, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2);
`;

describe('aggregate_records', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo({ sql: HERD });
  });
  afterAll(() => zoo.stop());

  const ask = async (args: Record<string, unknown>) =>
    zoo.call('aggregate_records', { model: 'Animal', metrics: 'count', ...args });

  const groups = async (args: Record<string, unknown>): Promise<Cell[][]> => {
    const { data, text, error } = await ask(args);
    if (error !== undefined) throw new Error(text);
    return data.groups.rows;
  };

  const byCode = (args: Record<string, unknown>) => groups({ group_by: 'code', ...args });

  const orderedKeys = async (group_by: string, order_by: string) =>
    (await groups({ group_by, order_by })).map(([key]) => key);

  it.each<[metrics: string, columns: string[], row: Cell[]]>([
    ['count', ['count'], [6]],
    ['COUNT(*), count()', ['count'], [6]],
    ['count(number), count(distinct number)', ['count_number', 'count_distinct_number'], [5, 4]],
    // citext counts as it compares.
    ['count(nick), count(distinct nick)', ['count_nick', 'count_distinct_nick'], [3, 2]],
    ['count(distinct mood), count(distinct alive)', ['count_distinct_mood', 'count_distinct_alive'], [3, 2]],
    ['sum(small), avg(small)', ['sum_small', 'avg_small'], [10, '2.5']],
    ['sum(number)', ['sum_number'], [4294967323]],
    ['min(number), max(number)', ['min_number', 'max_number'], [-1, 2147483647]],
    // What JSON would round is text.
    ['sum(big)', ['sum_big'], ['9232379236109516803']],
    ['avg(big)', ['avg_big'], ['2308094809027379201']],
    ['min(big), max(big)', ['min_big', 'max_big'], ['1', '9223372036854775807']],
    [
      'sum(decimal), max(decimal)',
      ['sum_decimal', 'max_decimal'],
      ['12345678901234567890.423456789', '12345678901234567890.123456789'],
    ],
    ['sum(float), max(float), min(float)', ['sum_float', 'max_float', 'min_float'], ['NaN', 'NaN', 0.5]],
    ['sum(real), avg(real)', ['sum_real', 'avg_real'], [8, 2]],
    [
      'sum(price), avg(price), max(price)',
      ['sum_price', 'avg_price', 'max_price'],
      ['6.50', '2.1666666666666667', '3.00'],
    ],
    // Enums have the database's order: WILD, Mixed, CALM.
    ['min(mood), max(mood)', ['min_mood', 'max_mood'], ['WILD', 'CALM']],
    ['min(name), max(nick)', ['min_name', 'max_nick'], ['a', 'Zed']],
    ['min(born), max(seen)', ['min_born', 'max_seen'], ['2026-01-31', '2027-01-01T12:00:00Z']],
    ['max(address)', ['max_address'], ['10.0.0.2/32']],
    [
      'max(parent.number), count(distinct parent.name)',
      ['max_parent.number', 'count_distinct_parent.name'],
      [20, 2],
    ],
  ])('computes %s', async (metrics, columns, row) => {
    const { data } = await ask({ metrics });
    expect(data.groups).toEqual({ columns, rows: [row] });
    expect([data.more, data.notes]).toEqual([false, []]);
  });

  it('takes lists as JSON, too', async () => {
    const { data } = await ask({
      metrics: ['count', 'sum(small)'],
      group_by: '["code"]',
      order_by: ['count desc'],
    });
    expect(data.groups).toEqual({
      columns: ['code', 'count', 'sum_small'],
      rows: [
        ['y', 3, 7],
        ['x', 2, 3],
        [null, 1, null],
      ],
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['lists', { metrics: ['count', 'sum(small)'], group_by: ['code'], order_by: ['count desc'] }],
    [
      'objects',
      {
        metrics: { count: true, sum: 'small' },
        group_by: { code: true },
        order_by: { count: 'desc' },
        having: { field: 'count', op: 'gt', value: 1 },
      },
    ],
    [
      'lists of objects',
      {
        metrics: ['count', { sum: ['small'] }],
        group_by: ['code'],
        order_by: [{ count: 'desc' }],
        having: [{ field: 'sum_small', op: 'gte', value: 3 }],
      },
    ],
  ])('takes %s, and those as JSON in text', async (_, args) => {
    const having = args['having'] ?? 'count > 1';
    const asText = Object.fromEntries(
      Object.entries({ ...args, having }).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    );
    const rows = [
      ['y', 3, 7],
      ['x', 2, 3],
    ];
    expect(await groups({ ...args, having })).toEqual(rows);
    expect(await groups(asText)).toEqual(rows);
  });

  it.each<[group_by: string, columns: string[], rows: Cell[][]]>([
    [
      'mood',
      ['mood'],
      [
        ['WILD', 2],
        ['Mixed', 1],
        ['CALM', 2],
        [null, 1],
      ],
    ],
    [
      'alive',
      ['alive'],
      [
        [false, 1],
        [true, 2],
        [null, 3],
      ],
    ],
    [
      'parent.mood',
      ['parent.mood'],
      [
        ['WILD', 5],
        [null, 1],
      ],
    ],
    [
      'parent.parent.name',
      ['parent.parent.name'],
      [
        ['a', 3],
        [null, 3],
      ],
    ],
    [
      'code, alive',
      ['code', 'alive'],
      [
        ['x', false, 1],
        ['x', true, 1],
        ['y', true, 1],
        ['y', null, 2],
        [null, null, 1],
      ],
    ],
    [
      'year(born)',
      ['year_born'],
      [
        ['2026', 4],
        ['2027', 1],
        [null, 1],
      ],
    ],
    [
      'quarter(seen), code',
      ['quarter_seen', 'code'],
      [
        ['2026-Q1', 'x', 2],
        ['2026-Q1', 'y', 1],
        ['2026-Q4', 'y', 1],
        ['2027-Q1', 'y', 1],
        [null, null, 1],
      ],
    ],
    [
      'month(parent.born)',
      ['month_parent.born'],
      [
        ['2026-01', 2],
        ['2026-02', 3],
        [null, 1],
      ],
    ],
    [
      'month(born), year(born), code',
      ['month_born', 'year_born', 'code'],
      [
        ['2026-01', '2026', 'x', 1],
        ['2026-02', '2026', 'x', 1],
        ['2026-02', '2026', 'y', 1],
        ['2026-12', '2026', 'y', 1],
        ['2027-01', '2027', 'y', 1],
        [null, null, null, 1],
      ],
    ],
  ])('groups by %s, nulls last', async (group_by, columns, rows) => {
    const { data } = await ask({ group_by });
    expect(data.groups).toEqual({ columns: [...columns, 'count'], rows });
  });

  it('makes one group of what a column takes for equal', async () => {
    const rows = await groups({ group_by: 'nick', filter: 'nick is not null' });
    expect(rows.map(([nick, count]) => [String(nick).toLowerCase(), count])).toEqual([
      ['nick', 2],
      ['zed', 1],
    ]);
  });

  it.each<[having: string, rows: Cell[][]]>([
    ['count > 2', [['y', 3, 7, '3.5']]],
    [
      'count = 2 or sum_small is null',
      [
        ['x', 2, 3, '1.5'],
        [null, 1, null, null],
      ],
    ],
    ['sum_small >= 3 and avg_small < 2', [['x', 2, 3, '1.5']]],
    ['not (sum_small = 3)', [['y', 3, 7, '3.5']]],
    [
      'count in (1, 3)',
      [
        ['y', 3, 7, '3.5'],
        [null, 1, null, null],
      ],
    ],
    ["code = 'x'", [['x', 2, 3, '1.5']]],
    ['code is null', [[null, 1, null, null]]],
    ['code starts with Y', [['y', 3, 7, '3.5']]],
  ])('keeps groups having %s', async (having, rows) => {
    expect(await groups({ group_by: 'code', metrics: 'count, sum(small), avg(small)', having })).toEqual(
      rows,
    );
  });

  it('keeps groups by paths, money, moments and enums in having', async () => {
    expect(await byCode({ group_by: 'parent.name', having: 'parent.name = b' })).toEqual([['b', 3]]);
    expect(await byCode({ metrics: 'sum(price)', having: 'sum_price > 3.125' })).toEqual([['x', '3.50']]);
    expect(await byCode({ metrics: 'avg(price)', having: 'avg_price = 1.75' })).toEqual([['x', '1.75']]);
    expect(await byCode({ metrics: 'max(seen)', having: 'max_seen < 2026-02-02' })).toEqual([
      ['x', '2026-02-01T00:30:00Z'],
    ]);
    expect(await byCode({ metrics: 'max(mood)', having: 'max_mood = calm' })).toEqual([['y', 'CALM']]);
    expect(
      await byCode({ metrics: 'max(decimal)', having: 'max_decimal > 12345678901234567890.123456788' }),
    ).toEqual([['y', '12345678901234567890.123456789']]);
  });

  it('keeps the one group of all rows, or none', async () => {
    expect(await groups({ having: 'count > 5' })).toEqual([[6]]);
    expect(await groups({ having: 'count > 6' })).toEqual([]);
    expect(await groups({ filter: 'id > 99', metrics: 'count, sum(small)' })).toEqual([[0, null]]);
    expect(await groups({ filter: 'id > 99', group_by: 'code' })).toEqual([]);
  });

  it.each<[order_by: string, codes: Cell[]]>([
    ['count desc', ['y', 'x', null]],
    ['count', [null, 'x', 'y']],
    ['sum_small', ['x', 'y', null]],
    ['sum_small desc', ['y', 'x', null]],
    ['code desc', ['y', 'x', null]],
    ['max_mood desc, code', ['y', 'x', null]],
  ])('orders groups by %s, nulls last', async (order_by, codes) => {
    const rows = await groups({ group_by: 'code', metrics: 'count, sum(small), max(mood)', order_by });
    expect(rows.map(([code]) => code)).toEqual(codes);
  });

  it('orders groups by a bucket and by a path', async () => {
    expect(await orderedKeys('month(seen)', 'month_seen desc')).toEqual([
      '2027-01',
      '2026-12',
      '2026-02',
      '2026-01',
      null,
    ]);
    expect(await orderedKeys('parent.name', 'parent.name desc')).toEqual(['b', 'a', null]);
  });

  it('does not advise to raise a limit that is the greatest', async () => {
    await zoo.database.query(`
      INSERT INTO zoo.animals (id, name, note) SELECT n, 'x', 'crowded' FROM generate_series(1000, 1200) n`);
    const { data } = await ask({ group_by: 'id', filter: 'note = crowded', limit: 200 });
    expect(data.groups.rows).toHaveLength(200);
    expect(data.notes).toEqual(['There are more groups: narrow them with filter or having.']);
    await zoo.database.query(`DELETE FROM zoo.animals WHERE note = 'crowded'`);
  });

  it('gives so many groups as limit says, and tells that there are more', async () => {
    const { data } = await ask({ group_by: 'id', limit: 2 });
    expect(data.groups.rows).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(data.more).toBe(true);
    expect(data.notes).toEqual(['There are more groups: raise limit, or narrow them with filter or having.']);
    expect((await ask({ group_by: 'id', limit: 6 })).data.more).toBe(false);
    expect((await ask({ group_by: 'id', limit: 201 })).error).toBe('VALIDATION');
  });

  it('shows no group that is too small, if the model says so', async () => {
    const discreet = await startZoo({ section: { models: { Animal: { min_group: 2 } } }, sql: HERD });
    try {
      const args = { model: 'Animal', metrics: 'count', group_by: 'code' };
      const { data } = await discreet.call('aggregate_records', args);
      expect(data.groups.rows).toEqual([
        ['x', 2],
        ['y', 3],
      ]);
      expect(data.notes).toEqual(['Groups of fewer than 2 rows are not shown.']);
      const one = await discreet.call('aggregate_records', {
        ...args,
        group_by: undefined,
        filter: 'id = 1',
      });
      expect(one.data.groups.rows).toEqual([]);
    } finally {
      await discreet.stop();
    }
  });

  it.each<[args: Record<string, unknown>, message: string]>([
    [{ metrics: 'sum(name)' }, "metrics: There is no sum of 'name', which is String."],
    [{ metrics: 'avg(alive)' }, "metrics: There is no avg of 'alive', which is Boolean."],
    [{ metrics: 'max(alive)' }, "metrics: There is no max of 'alive', which is Boolean."],
    [{ metrics: 'sum(seen)' }, "metrics: There is no sum of 'seen', which is DateTime."],
    [{ metrics: 'sum(mood)' }, "metrics: There is no sum of 'mood', which is the enum Mood."],
    [{ metrics: 'min(uid)' }, "metrics: There is no min of 'uid', which is Uuid."],
    [{ metrics: 'max(bits)' }, "metrics: There is no max of 'bits', which is VarBit."],
    [{ metrics: 'max(data)' }, "metrics: There is no max of 'data', which is Json."],
    [
      { metrics: 'count(distinct rawData)' },
      "metrics: There is no count distinct of 'rawData', which is Json.",
    ],
    [{ metrics: 'sum(numbers)' }, "metrics: There is no sum of 'numbers', which is a list of Int."],
    [
      { metrics: 'count(distinct tags)' },
      "metrics: There is no count distinct of 'tags', which is a list of String.",
    ],
    [
      { metrics: 'median(small)' },
      "metrics: 'median(small)' is none of count, count(distinct FIELD), sum(FIELD), avg, min, max.",
    ],
    [
      { metrics: 'sum' },
      "metrics: 'sum' is none of count, count(distinct FIELD), sum(FIELD), avg, min, max.",
    ],
    [{ metrics: '' }, 'metrics: Name 1 to 10, such as count, sum(FIELD), count(distinct FIELD).'],
    [
      { metrics: 'sum(smal)' },
      "metrics: Animal has no field 'smal'. Did you mean 'small'? describe_models names its fields.",
    ],
    [
      { metrics: 'count(microchip)' },
      "metrics: 'microchip' is masked: it can be selected, and nothing else.",
    ],
    [
      { metrics: 'count(children.id)' },
      "metrics: 'children' leads to many records: write children some (…), none (…) or every (…).",
    ],
    [{ group_by: 'data' }, "group_by: 'data' is Json, which makes no groups."],
    [{ group_by: 'tags' }, "group_by: 'tags' is a list of String, which makes no groups."],
    [
      { group_by: 'parent' },
      "group_by: 'parent' is a record of Animal: name one of its fields, as parent.id.",
    ],
    [{ group_by: 'id, name, code, nick' }, 'group_by: At most 3 keys make groups.'],
    [{ group_by: 'month(name)' }, "group_by: month is for days and moments; 'name' is String."],
    [{ group_by: 'day(fed)' }, "group_by: day is for days and moments; 'fed' is Time."],
    [{ group_by: 'hour(born)' }, "group_by: hour is for moments; 'born' is Date."],
    [
      { group_by: 'moth(born)' },
      "group_by: 'moth' is none of hour, day, week, month, quarter, year. Did you mean 'month'?",
    ],
    [
      { group_by: 'code', order_by: 'cont desc' },
      "order_by: It takes columns of the answer: code, count; not 'cont'. Did you mean 'count'?",
    ],
    [
      { group_by: 'code', having: 'number > 1' },
      "having: It takes columns of the answer: code, count; not 'number'. (at character 1)",
    ],
    [
      { group_by: 'code', having: 'count > 1.5' },
      "having: 'count' takes a whole number from -9223372036854775808 to 9223372036854775807, not '1.5'. (at character 9)",
    ],
    [{ having: 'count >' }, 'having: Expected a value, found the end. (at character 8)'],
  ])('refuses %j', async (args, message) => {
    expect((await ask(args)).text).toBe(`VALIDATION: ${message}`);
  });
});
