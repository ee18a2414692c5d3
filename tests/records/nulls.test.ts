import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Zoo } from './zoo/zoo.js';

/** The first nine animals. */
const IDS = 'id < 10';

/** Each of the three tools says it. */
function thrice<Said>(said: Said): Said[] {
  return [said, said, said];
}

describe('Null', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo();
  });
  afterAll(() => zoo.stop());

  /** What the three tools make of one filter. */
  const ask = async (model: string, filter: string, key = 'id') => {
    const found = await zoo.call('find_records', { model, filter, fields: key, limit: 100, total: true });
    const counted = await zoo.call('count_records', { model, filter });
    const grouped = await zoo.call('aggregate_records', { model, filter, metrics: 'count' });
    if (found.error !== undefined) throw new Error(found.text);
    const rows = found.data.records.rows.map((row) => (row.length === 1 ? row[0] : row));
    return {
      rows,
      counts: [found.data.total, counted.data.count, grouped.data.groups.rows[0]?.[0]],
      notes: [found.data.notes, counted.data.notes, grouped.data.notes],
    };
  };

  const groupsHaving = async (text: string) => {
    const { data } = await zoo.call('aggregate_records', {
      model: 'Animal',
      metrics: 'count, min(number)',
      group_by: 'mood',
      having: text,
      filter: 'id in (1, 3, 5)',
    });
    return data.groups.rows;
  };

  // Of the first nine animals, 4, 5, 6, 8 and 9 have a number of their own, 3 and 7 none; 5 and 8 have no mood; 1 no parent.
  it.each<[filter: string, ids: number[], note: string | undefined]>([
    // A comparison is met by values only, which surprises nobody.
    ['number = 4', [4], undefined],
    ['number > 0', [1, 4, 5, 6, 8, 9], undefined],
    ['number in (4, 5)', [4, 5], undefined],
    ['number is null', [3, 7], undefined],
    ['number is not null', [1, 2, 4, 5, 6, 8, 9], undefined],
    // A negation is met by values only, too; that surprises, so it is said.
    ['number != 4', [1, 2, 5, 6, 8, 9], '2 rows without number are not among these.'],
    ['not number = 4', [1, 2, 5, 6, 8, 9], '2 rows without number are not among these.'],
    ['number not in (4, 5)', [1, 2, 6, 8, 9], '2 rows without number are not among these.'],
    ['not (number > 0)', [2], '2 rows without number are not among these.'],
    ['code not contains a', [], '7 rows without code are not among these.'],
    ['number != 4 and id = 3', [], '1 row without number is not among these.'],
    // Twice not is as none; but what is unknown stays so.
    ['not (number != 4)', [4], '2 rows without number are not among these.'],
    // What is decided by another condition is not mentioned.
    ['number != 4 and id > 7', [8, 9], undefined],
    ['number > 5 and mood != CALM', [], undefined],
    ['number != 4 or id = 3', [1, 2, 3, 5, 6, 8, 9], '1 row without number is not among these.'],
    ['number != 4 or number is null', [1, 2, 3, 5, 6, 7, 8, 9], undefined],
    ['not (number = 4 and id = 4)', [1, 2, 3, 5, 6, 7, 8, 9], undefined],
    ['not (number = 4 or mood = WILD)', [1, 6, 9], '3 rows without number or mood are not among these.'],
    // A path through a relation that is missing leads to null.
    ['parent.name = Ada', [2, 3, 5], undefined],
    ['parent.name != Ada', [4, 6, 7, 8, 9], '1 row without parent is not among these.'],
    ['parent.number is null', [1, 7], undefined],
    ['parent.number is not null', [2, 3, 4, 5, 6, 8, 9], undefined],
    ['parent.number != 10', [4, 6, 8, 9], '2 rows without parent or parent.number are not among these.'],
    ['parent.children some (id = 4)', [4, 9], undefined],
    ['parent.children none (id = 4)', [2, 3, 5, 6, 7, 8], '1 row without parent is not among these.'],
    ['not parent.children some (id = 4)', [2, 3, 5, 6, 7, 8], '1 row without parent is not among these.'],
    ['parent is null', [1], undefined],
    ['not parent is null', [2, 3, 4, 5, 6, 7, 8, 9], undefined],
    // some, none and every are true or false; every is met by those that have none.
    ['children some (id < 8 and number != 5)', [1, 2, 5], undefined],
    ['not children some (id < 8 and number != 5)', [3, 4, 6, 7, 8, 9], undefined],
    ['children none (id < 8 and number != 5)', [3, 4, 6, 7, 8, 9], undefined],
    ['children every (id > 7 or number != 5)', [2, 4, 5, 6, 7, 8, 9], undefined],
    ['children every (id > 0)', [1, 2, 3, 4, 5, 6, 7, 8, 9], undefined],
    ['visits every (`not` != x)', [6, 7, 8, 9], undefined],
    // Lists and JSON hold a value or do not.
    ['not tags has x', [2, 3, 4, 5, 6, 7, 8, 9], undefined],
    ['not data has a', [2, 3, 4, 5, 6, 7, 8, 9], undefined],
    ['data is null', [4, 5, 6, 7, 8, 9], undefined],
    ['tags is null', [3, 4, 5, 6, 7, 8, 9], undefined],
  ])('%s', async (filter, ids, note) => {
    const { rows, counts, notes } = await ask('Animal', `(${filter}) and ${IDS}`);
    expect(rows).toEqual(ids);
    expect(counts).toEqual(thrice(ids.length));
    expect(notes).toEqual(thrice(note === undefined ? [] : [note]));
  });

  it('in a relation of two columns: one of them missing is a relation that is missing', async () => {
    const none = await ask('Room', 'next is null', 'floor, number');
    expect(none.rows).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(none.counts).toEqual([2, 2, 2]);
    const other = await ask('Room', 'next.floor != 9', 'floor, number');
    expect(other.rows).toEqual([[1, 2]]);
    expect(other.notes).toEqual(thrice(['2 rows without next are not among these.']));
  });

  it('in having is as in a filter', async () => {
    expect(await groupsHaving('count > 0')).toEqual([
      ['Mixed', 1, null],
      ['CALM', 1, 10],
      [null, 1, 5],
    ]);
    expect(await groupsHaving('min_number != 10')).toEqual([[null, 1, 5]]);
    expect(await groupsHaving('min_number is null')).toEqual([['Mixed', 1, null]]);
    expect(await groupsHaving('mood is null')).toEqual([[null, 1, 5]]);
  });

  it('is left out of sum, average, least, greatest and count of a field, and makes one group', async () => {
    const { data } = await zoo.call('aggregate_records', {
      model: 'Animal',
      metrics:
        'count, count(number), count(distinct mood), sum(number), avg(number), min(number), max(number)',
      filter: 'id in (3, 4, 5, 7)',
    });
    expect(data.groups.rows).toEqual([[4, 2, 2, 9, '4.5', 4, 5]]);
    const none = await zoo.call('aggregate_records', {
      model: 'Animal',
      metrics: 'count, sum(number), avg(number), max(number)',
      filter: 'id = 3',
    });
    expect(none.data.groups.rows).toEqual([[1, null, null, null]]);
  });

  it('that keeps rows from being found in a large table is mentioned, not counted', async () => {
    await zoo.database.query(
      "INSERT INTO zoo.animals (id, name) SELECT n, 'late' FROM generate_series(1001, 11000) n",
    );
    const { data } = await zoo.call('count_records', { model: 'Animal', filter: 'number != 4' });
    expect(data.notes).toEqual(['Rows without number are not among these, since nothing is known of them.']);
  });
});
