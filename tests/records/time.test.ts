import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Zoo } from './zoo/zoo.js';

/** Animals that were seen around midnights, and at the end of summer time in Berlin (01:00 UTC on 25 October 2026). */
const TIMES = `
  DELETE FROM zoo."select"; DELETE FROM zoo."_friends"; DELETE FROM zoo."_AnimalToKeeper"; DELETE FROM zoo.animals;
  INSERT INTO zoo.animals (id, name, seen, plain, born) VALUES
    (1, 'before', '2026-04-30 21:59:59.999999+00', '2026-04-30 21:59:59.999', '2026-04-30'),
    (2, 'midnight in Berlin', '2026-04-30 22:00:00+00', '2026-04-30 22:00:00', '2026-05-01'),
    (3, 'midnight in UTC', '2026-05-01 00:00:00+00', '2026-05-01 00:00:00', '2026-05-01'),
    (4, 'last of Berlin', '2026-05-01 21:59:59.999999+00', '2026-05-01 21:59:59.999', '2026-05-02'),
    (5, 'last of UTC', '2026-05-01 23:59:59.999999+00', '2026-05-01 23:59:59.999', '2026-05-03'),
    (6, 'first autumn hour', '2026-10-25 00:30:00+00', '2026-10-25 00:30:00', '2026-10-25'),
    (7, 'second autumn hour', '2026-10-25 01:30:00+00', '2026-10-25 01:30:00', '2026-10-26'),
    (8, 'never', NULL, NULL, NULL);
  INSERT INTO zoo.animals (id, name, seen, plain, born)
    SELECT 100 + n, 'days ago', now() - n * interval '1 day' - interval '1 minute', (now() - n * interval '1 day' - interval '1 minute') at time zone 'UTC',
      (now() at time zone 'UTC')::date - n FROM generate_series(0, 20) n;
`;

const RECENT = 100;

describe('Time', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo({ sql: TIMES });
  });
  afterAll(() => zoo.stop());

  const find = async (filter: string, time_zone?: string) => {
    const args = { model: 'Animal', filter: `${filter} and id < ${RECENT}`, fields: 'id', time_zone };
    const { data, text, error } = await zoo.call('find_records', args);
    if (error !== undefined) throw new Error(text);
    return data.records.rows.map(([id]) => id);
  };

  describe.each(['seen', 'plain'])('%s', (field) => {
    it.each<[filter: string, utc: number[], berlin: number[]]>([
      ['= 2026-05-01', [3, 4, 5], [2, 3, 4]],
      ['!= 2026-05-01', [1, 2, 6, 7], [1, 5, 6, 7]],
      ['< 2026-05-01', [1, 2], [1]],
      ['<= 2026-05-01', [1, 2, 3, 4, 5], [1, 2, 3, 4]],
      ['> 2026-05-01', [6, 7], [5, 6, 7]],
      ['>= 2026-05-01', [3, 4, 5, 6, 7], [2, 3, 4, 5, 6, 7]],
      ['in (2026-05-01, 2026-10-25)', [3, 4, 5, 6, 7], [2, 3, 4, 6, 7]],
      ['not in (2026-05-01)', [1, 2, 6, 7], [1, 5, 6, 7]],
      // A time without a zone is of the question's zone; one with a zone is what it says.
      ['>= 2026-05-01T00:00', [3, 4, 5, 6, 7], [2, 3, 4, 5, 6, 7]],
      ["= '2026-05-01 00:00:00'", [3], [2]],
      ['= 2026-05-01T00:00:00Z', [3], [3]],
      ['= 2026-05-01T02:00:00+02:00', [3], [3]],
      ['= 2026-04-30T19:00:00-0500', [3], [3]],
      ['< now', [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7]],
    ])(`${field} %s`, async (filter, utc, berlin) => {
      expect(await find(`${field} ${filter}`)).toEqual(utc);
      expect(await find(`${field} ${filter}`, 'Europe/Berlin')).toEqual(berlin);
    });

    it.each([
      ['now-7d', 7],
      ['now-168h', 7],
      ['now-10080min', 7],
      ['now-1w', 7],
      ['now-2w', 14],
      ['NOW-3D', 3],
    ])(`${field} >= %s counts elapsed time`, async (from, found) => {
      const { data } = await zoo.call('count_records', {
        model: 'Animal',
        filter: `${field} >= ${from} and id >= ${RECENT}`,
      });
      expect(data.count).toBe(found);
    });

    it(`${field} is compared with months and years as the calendar has them`, async () => {
      const [expected] = await zoo.database.query<{ month: string; year: string }>(
        `SELECT count(*) FILTER (WHERE ${field} >= (now() at time zone 'UTC') - interval '1 month') AS month,
          count(*) FILTER (WHERE ${field} >= (now() at time zone 'UTC') - interval '1 year') AS year FROM zoo.animals`,
      );
      const count = async (from: string) =>
        (await zoo.call('count_records', { model: 'Animal', filter: `${field} >= ${from}` })).data.count;
      expect([await count('now-1mo'), await count('now-1y')]).toEqual([
        Number(expected?.month),
        Number(expected?.year),
      ]);
    });
  });

  describe('where the clock goes over midnight', () => {
    /** Havana has the hour from midnight twice on 2 November 2025; São Paulo had none on 4 November 2018. */
    const NIGHTS = `
      INSERT INTO zoo.animals (id, name, seen, plain) SELECT id, 'night', at, at at time zone 'UTC' FROM (VALUES
        (31, timestamptz '2025-11-02 03:59:59.999+00'), (32, '2025-11-02 04:00+00'), (33, '2025-11-02 05:00+00'),
        (34, '2025-11-03 04:59:59+00'), (35, '2025-11-03 05:00+00'),
        (41, '2018-11-04 02:59:59+00'), (42, '2018-11-04 03:00+00'), (43, '2018-11-05 01:59:59+00'), (44, '2018-11-05 02:00+00')
      ) AS nights(id, at)`;
    beforeAll(() => zoo.database.query(NIGHTS));
    afterAll(() => zoo.database.query("DELETE FROM zoo.animals WHERE name = 'night'"));

    it.each(['seen', 'plain'])('%s: a day has all its hours, in filters as in groups', async (field) => {
      for (const [zone, day, ids] of [
        ['America/Havana', '2025-11-02', [32, 33, 34]],
        ['America/Sao_Paulo', '2018-11-04', [42, 43]],
      ] as const) {
        expect(await find(`${field} = ${day}`, zone)).toEqual(ids);
        expect(await find(`${field} >= ${day} and ${field} <= ${day}`, zone)).toEqual(ids);
        const { data } = await zoo.call('aggregate_records', {
          model: 'Animal',
          metrics: 'count',
          group_by: `day(${field})`,
          filter: "name = 'night'",
          time_zone: zone,
        });
        expect(data.groups.rows).toContainEqual([day, ids.length]);
      }
    });
  });

  it('a day without a zone is never shifted', async () => {
    for (const zone of [undefined, 'Europe/Berlin', 'Pacific/Kiritimati', 'Pacific/Niue']) {
      expect(await find('born = 2026-05-01', zone)).toEqual([2, 3]);
      expect(await find('born > 2026-05-01', zone)).toEqual([4, 5, 6, 7]);
      const { data } = await zoo.call('aggregate_records', {
        model: 'Animal',
        metrics: 'count',
        group_by: 'day(born)',
        filter: 'id in (1, 2, 3)',
        time_zone: zone,
      });
      expect(data.groups.rows).toEqual([
        ['2026-04-30', 1],
        ['2026-05-01', 2],
      ]);
    }
    expect((await zoo.call('count_records', { model: 'Animal', filter: 'born = now' })).data.count).toBe(1);
    const withTime = await zoo.call('find_records', { model: 'Animal', filter: 'born = 2026-05-01T09:00Z' });
    expect(withTime.text).toBe(
      "VALIDATION: filter: 'born' takes a day such as 2026-05-01, or now-7d, not '2026-05-01T09:00Z'. (at character 8)",
    );
  });

  const buckets = async (key: string, filter: string, time_zone?: string) => {
    const { data, text, error } = await zoo.call('aggregate_records', {
      model: 'Animal',
      metrics: 'count',
      group_by: key,
      filter: `${filter} and id < ${RECENT}`,
      time_zone,
    });
    if (error !== undefined) throw new Error(text);
    return { rows: data.groups.rows, notes: data.notes };
  };

  describe.each(['seen', 'plain'])('buckets of %s', (field) => {
    it('are those of the zone, and the answer says which', async () => {
      const utc = await buckets(`day(${field})`, 'id < 6');
      expect(utc.rows).toEqual([
        ['2026-04-30', 2],
        ['2026-05-01', 3],
      ]);
      expect(utc.notes).toEqual(['Times are those of UTC.']);
      const berlin = await buckets(`day(${field})`, 'id < 6', 'Europe/Berlin');
      expect(berlin.rows).toEqual([
        ['2026-04-30', 1],
        ['2026-05-01', 3],
        ['2026-05-02', 1],
      ]);
      expect(berlin.notes).toEqual(['Times are those of Europe/Berlin.']);
    });

    it('of weeks start on Monday', async () => {
      // The first of May 2026 is a Friday, 25 October a Sunday.
      const { rows, notes } = await buckets(`week(${field})`, 'id > 0');
      expect(rows).toEqual([
        ['2026-04-27', 5],
        ['2026-10-19', 2],
        [null, 1],
      ]);
      expect(notes).toEqual(['Times are those of UTC. Weeks start on Monday and are named by it.']);
    });

    it('of months, quarters and years are named as such', async () => {
      expect((await buckets(`month(${field})`, 'id != 8')).rows).toEqual([
        ['2026-04', 2],
        ['2026-05', 3],
        ['2026-10', 2],
      ]);
      expect((await buckets(`quarter(${field})`, 'id != 8')).rows).toEqual([
        ['2026-Q2', 5],
        ['2026-Q4', 2],
      ]);
      expect((await buckets(`year(${field})`, 'id != 8')).rows).toEqual([['2026', 7]]);
    });

    it('of hours keep the two autumn hours apart', async () => {
      const { rows, notes } = await buckets(`hour(${field})`, 'id in (6, 7)', 'Europe/Berlin');
      expect(rows).toEqual([
        ['2026-10-25T02:00+02:00', 1],
        ['2026-10-25T02:00+01:00', 1],
      ]);
      expect(notes).toEqual([
        'Times are those of Europe/Berlin. The two autumn hours of one name are told apart by their offset.',
      ]);
      // Half hours from UTC make hours of their own.
      expect((await buckets(`hour(${field})`, 'id in (6, 7)', 'Asia/Kolkata')).rows).toEqual([
        ['2026-10-25T06:00+05:30', 1],
        ['2026-10-25T07:00+05:30', 1],
      ]);
    });
  });

  it('beyond the calendar of JavaScript makes buckets, too', async () => {
    await zoo.database.query(
      "INSERT INTO zoo.animals (id, name, seen) VALUES (50, 'a', 'infinity'), (51, 'b', '0044-03-15 10:00:00+00 BC'), (52, 'c', '12026-01-01 00:00:00+00')",
    );
    expect((await buckets('month(seen)', 'id in (50, 51, 52)')).rows).toEqual([
      ['0044-03 BC', 1],
      ['12026-01', 1],
      ['infinity', 1],
    ]);
    expect((await buckets('hour(seen)', 'id in (50, 51, 52)')).rows).toEqual([
      ['0044-03-15T10:00:00Z BC', 1],
      ['12026-01-01T00:00:00Z', 1],
      ['infinity', 1],
    ]);
    await zoo.database.query('DELETE FROM zoo.animals WHERE id in (50, 51, 52)');
  });

  // PostgreSQL has other zones than the IANA database by the names CET, IST, BST and EST.
  it.each(['UTC+2', 'FOO3', 'EST5EDT', 'CET', 'IST', 'BST', 'EST', 'PST', 'Europe/Nowhere', '+02:00', ''])(
    'a zone %j is refused',
    async (time_zone) => {
      const answer = await zoo.call('count_records', {
        model: 'Animal',
        filter: 'seen = 2026-05-01',
        time_zone,
      });
      expect(answer.text).toBe(
        'VALIDATION: time_zone: must be an IANA name such as Europe/Berlin. Arguments: model, filter, time_zone.',
      );
    },
  );

  it('is of the zone that the configuration names, unless the question names one', async () => {
    const berlin = await startZoo({ section: { time_zone: 'Europe/Berlin' }, sql: TIMES });
    try {
      expect(await berlin.find('Animal', 'seen = 2026-05-01')).toEqual([2, 3, 4]);
      const asked = await berlin.call('count_records', {
        model: 'Animal',
        filter: 'seen = 2026-05-01 and id = 5',
        time_zone: 'UTC',
      });
      expect(asked.data.count).toBe(1);
    } finally {
      await berlin.stop();
    }
  });
});
