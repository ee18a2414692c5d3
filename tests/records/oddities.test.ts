import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Cell, type Zoo } from './zoo/zoo.js';

const SCHEMA = fileURLToPath(new URL('zoo/oddities.prisma', import.meta.url));

const TABLES = `
  CREATE SCHEMA odd;
  CREATE TABLE odd.tallies (
    id int PRIMARY KEY, count int NOT NULL, total int NOT NULL, sum_total int, object oid NOT NULL, born date,
    seen timestamptz(6), docs jsonb[], "rawDocs" json[], raw json, text text
  );
  INSERT INTO odd.tallies VALUES
    (1, 7, 10, 1, 4294967295, '300000-05-17', '2026-05-17 12:00+00', ARRAY['{"a": 12345678901234567890}', 'null']::jsonb[], ARRAY['[1.10]']::json[], '["a\\u0000b", "x"]', 'short'),
    (2, 7, 20, 2, 1, '0044-03-15 BC', '2026-05-31 23:59+00', ARRAY['"x"', '1']::jsonb[], NULL, '{"\\\\u0000": 1, "y": "\\ud800"}', repeat('€', 300)),
    (3, 8, 30, NULL, 2, 'infinity', '2026-07-01 00:00+00', '{}', NULL, '[1]', repeat('€', 300) || '!'),
    (4, 8, 40, NULL, 3, NULL, NULL, NULL, NULL, NULL, NULL);
  CREATE TABLE odd.events (id int PRIMARY KEY, name text NOT NULL, code text UNIQUE);
  CREATE VIEW odd.headlines AS SELECT name FROM odd.events;
  CREATE TABLE odd.late_events (reason text) INHERITS (odd.events);
  INSERT INTO odd.events SELECT n, 'event ' || n FROM generate_series(1, 9, 2) n;
  INSERT INTO odd.late_events SELECT n, 'late event ' || n FROM generate_series(2, 10, 2) n;
`;

describe('A schema of oddities', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo({ section: { schema: SCHEMA }, sql: TABLES });
  });
  afterAll(() => zoo.stop());

  const ask = async (args: Record<string, unknown>) => {
    const { data, text, error } = await zoo.call('aggregate_records', {
      model: 'Tally',
      metrics: 'count',
      ...args,
    });
    if (error !== undefined) throw new Error(text);
    return data;
  };

  it('counts by a field called count: the metric is called _count', async () => {
    const { groups } = await ask({ group_by: 'count', order_by: '_count, count desc', having: '_count > 1' });
    expect(groups).toEqual({
      columns: ['count', '_count'],
      rows: [
        [8, 2],
        [7, 2],
      ],
    });
  });

  it('sums beside a field called as the sum is', async () => {
    const { groups } = await ask({ group_by: 'sum_total', metrics: 'sum(total), count(total)' });
    expect(groups).toEqual({
      columns: ['sum_total', '_sum_total', 'count_total'],
      rows: [
        [1, 10, 1],
        [2, 20, 1],
        [null, 70, 2],
      ],
    });
  });

  it('shows a key once that is named twice', async () => {
    const { groups } = await ask({ group_by: 'count, count, month(seen)', metrics: 'sum(total)' });
    expect(groups).toEqual({
      columns: ['count', 'month_seen', 'sum_total'],
      rows: [
        [7, '2026-05', 30],
        [8, '2026-07', 30],
        [8, null, 40],
      ],
    });
  });

  it.each<[key: string, rows: Cell[][]]>([
    ['day(born)', [['0044-03-15 BC'], ['300000-05-17'], ['infinity'], [null]]],
    ['week(born)', [['0044-03-11 BC'], ['300000-05-15'], ['infinity'], [null]]],
    ['month(born)', [['0044-03 BC'], ['300000-05'], ['infinity'], [null]]],
    ['quarter(born)', [['0044-Q1 BC'], ['300000-Q2'], ['infinity'], [null]]],
    ['year(born)', [['0044 BC'], ['300000'], ['infinity'], [null]]],
  ])('groups days by %s, however far away', async (group_by, rows) => {
    const { groups } = await ask({ group_by });
    expect(groups.rows.map(([key]) => [key])).toEqual(rows);
  });

  it.each<[group_by: string, having: string, keys: Cell[]]>([
    ['month(seen)', 'month_seen = 2026-05', ['2026-05']],
    ['month(seen)', 'month_seen > 2026-05', ['2026-07']],
    ['month(seen)', 'month_seen in (2026-05, 2026-06)', ['2026-05']],
    ['month(seen)', 'month_seen is null', [null]],
    ['quarter(seen)', 'quarter_seen = 2026-Q3', ['2026-Q3']],
    ['year(seen)', 'year_seen != 2025', ['2026']],
    ['year(born)', "year_born = '0044 BC'", ['0044 BC']],
    ['month(born)', 'month_born = infinity', ['infinity']],
    ['month(born)', 'month_born = 300000-05', ['300000-05']],
    ['day(seen)', 'day_seen = 2026-05-31', ['2026-05-31']],
    ['week(seen)', 'week_seen >= 2026-06-29', ['2026-06-29']],
    ['hour(seen)', 'hour_seen = 2026-05-17', ['2026-05-17T12:00+00:00']],
    ['hour(seen)', "hour_seen = '2026-05-17T12:00+00:00'", ['2026-05-17T12:00+00:00']],
  ])('keeps stretches of %s having %s', async (group_by, having, keys) => {
    const { groups } = await ask({ group_by, having });
    expect(groups.rows.map(([key]) => key)).toEqual(keys);
  });

  it.each([
    ['month(seen)', 'month_seen = 2026', "Write a month as 2026-05, not '2026'. (at character 14)"],
    [
      'quarter(seen)',
      'quarter_seen = 2026-05',
      "Write a quarter as 2026-Q2, not '2026-05'. (at character 16)",
    ],
    ['year(seen)', 'year_seen = now', "Write a year as 2026, not 'now'. (at character 13)"],
  ])('refuses stretches of %s having %s', async (group_by, having, message) => {
    const answer = await zoo.call('aggregate_records', {
      model: 'Tally',
      metrics: 'count',
      group_by,
      having,
    });
    expect(answer.text).toBe(`VALIDATION: having: ${message}`);
  });

  it('cuts long texts of groups, marks them and says so', async () => {
    const { groups, notes } = await ask({ group_by: 'text', metrics: 'count, max(text)', filter: 'id < 3' });
    const cut = `${'€'.repeat(200)}…`;
    expect(groups.rows).toEqual([
      ['short', 1, 'short'],
      [cut, 1, cut],
    ]);
    expect(notes).toEqual(['text, max_text: cut at 200 characters, marked ….']);
  });

  it.each(['sum', 'avg'])(
    'says before the database is asked that there is no %s of an object identifier',
    async (name) => {
      const answer = await zoo.call('aggregate_records', { model: 'Tally', metrics: `${name}(object)` });
      expect(answer.text).toBe(`VALIDATION: metrics: There is no ${name} of 'object', which is Int.`);
      expect((await ask({ metrics: 'min(object), max(object)' })).groups.rows).toEqual([[1, 4294967295]]);
    },
  );

  it.each<[filter: string, ids: number[]]>([
    // A json column may hold what jsonb refuses: NUL, and halves of characters.
    ['raw has x', [1]],
    ['raw has y', [2]],
    ['raw has 1', [3]],
    ["raw has 'a'", []],
    ['docs has x', [2]],
    ['docs has 1', [2]],
    ['docs has \'{"a":12345678901234567890}\'', [1]],
    ['docs has \'{"a":12345678901234567891}\'', []],
    ["docs has 'null'", [1]],
    ["docs has '\\ud800'", []],
    ["docs has '[1'", []],
    ["rawDocs has '[1.1]'", [1]],
    ['not docs has x', [1, 3, 4]],
  ])('finds what JSON and lists of it hold by %s', async (filter, ids) => {
    expect(await zoo.find('Tally', filter)).toEqual(ids);
  });

  it('shows JSON in lists as it is written, numbers too', async () => {
    expect(await zoo.find('Tally', 'id < 4', 'docs')).toEqual([
      '[{"a": 12345678901234567890},null]',
      '["x",1]',
      '[]',
    ]);
    expect(await zoo.find('Tally', 'id = 1', 'rawDocs')).toEqual(['[[1.10]]']);
  });

  it('reads a table with those that inherit from it, in any order, a page at a time', async () => {
    for (const order_by of ['id', 'name desc']) {
      const ids: Cell[] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const { data } = await zoo.call('find_records', { model: 'Event', order_by, limit: 3, cursor });
        ids.push(...data.records.rows.map(([id = null]) => id));
        cursor = data.next_cursor;
      }
      expect(ids.map(Number).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
    const { data } = await zoo.call('count_records', { model: 'Event', filter: 'name starts with late' });
    expect(data.count).toBe(5);
  });

  it('has no page after one that ends in a text too long for a cursor, which is not read whole', async () => {
    await zoo.database.query(
      `INSERT INTO odd.events SELECT 100 + n, repeat('long ', 200000) || n FROM generate_series(1, 3) n`,
    );
    const { data } = await zoo.call('find_records', {
      model: 'Event',
      fields: 'id',
      filter: 'id > 100',
      order_by: 'name',
      limit: 2,
    });
    expect(data.records.rows).toEqual([[101], [102]]);
    expect([data.more, data.next_cursor]).toEqual([true, null]);
    expect(data.notes).toEqual([
      'There is no next page, since the values of order_by are too long for a cursor: order by other fields.',
    ]);
    await zoo.database.query('DELETE FROM odd.events WHERE id > 100');
  });

  it('names get_record for what is cut of a record with a key only', async () => {
    await zoo.database.query(`INSERT INTO odd.events VALUES (300, repeat('x', 600))`);
    const find = async (model: string) =>
      (await zoo.call('find_records', { model, fields: 'name', filter: 'name starts with xx' })).data.notes;
    expect(await find('Event')).toEqual(['name: cut at 500 characters, marked …. get_record has the rest.']);
    expect(await find('Headline')).toEqual(['name: cut at 500 characters, marked ….']);
    await zoo.database.query('DELETE FROM odd.events WHERE id = 300');
  });

  it('suggests the other key that a value without a name would fit', async () => {
    await zoo.database.query(`INSERT INTO odd.events VALUES (400, 'coded', $1)`, ["it's 7"]);
    const refused = await zoo.call('get_record', { model: 'Event', key: "it's 7" });
    const [, suggested] = /For another key, name it: (.*)\.$/.exec(refused.text) ?? [];
    expect(suggested).toBe("code = 'it''s 7'");
    const { data } = await zoo.call('get_record', { model: 'Event', key: suggested, fields: 'id' });
    expect(data.record.rows).toEqual([['id', 400]]);
    const missing = await zoo.call('get_record', { model: 'Event', key: '401' });
    expect(missing.text).toBe(
      'NOT_FOUND: There is no Event with this key. find_records looks by other fields.',
    );
    await zoo.database.query('DELETE FROM odd.events WHERE id = 400');
  });

  it('shows a record that is larger than an answer as far as it goes, and says so', async () => {
    const text = '漢字'.repeat(40_000);
    await zoo.database.query('INSERT INTO odd.events VALUES (200, $1)', [text]);
    const one = await zoo.call('get_record', { model: 'Event', key: '200', fields: 'name' });
    const shown = String(one.data.record.rows[0]?.[1]);
    expect(text.startsWith(shown.slice(0, -1))).toBe(true);
    expect(shown.endsWith('…')).toBe(true);
    expect(Buffer.byteLength(one.text)).toBeLessThan(65_536);
    // Half of the answer is text, a character of it three bytes.
    expect(shown.length).toBeGreaterThan(8000);
    expect(one.data.notes).toEqual([
      `name: cut at ${shown.length - 1} characters, marked …. An answer holds no more.`,
    ]);
    const all = await zoo.call('get_record', { model: 'Event', key: '200' });
    expect(all.data.notes[0]).toMatch(
      /^name: cut at \d+ characters, marked …\. Name it alone in fields for more of it\.$/,
    );
    await zoo.database.query('DELETE FROM odd.events WHERE id = 200');
  });
});
