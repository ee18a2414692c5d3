import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MIXED_VALUES } from './zoo/mixed-values.js';
import { createOracle, type Oracle } from './zoo/prisma-oracle.js';
import { randomFilter } from './zoo/random-filter.js';
import { startZoo, type Zoo } from './zoo/zoo.js';

/** Friends in both directions, some of themselves. */
const FRIENDS = `
  INSERT INTO zoo."_friends" SELECT n, 1 + n * 7 % 60 FROM generate_series(4, 60) n ON CONFLICT DO NOTHING;
  UPDATE zoo.animals SET tags = CASE id % 3 WHEN 0 THEN '{x,z}'::text[] WHEN 1 THEN '{y,NULL}' END;
`;
const SEED = 10;
const RUNS = 250;

describe('A random filter', () => {
  let zoo: Zoo;
  let oracle: Oracle;
  beforeAll(async () => {
    zoo = await startZoo({ sql: MIXED_VALUES + FRIENDS });
    oracle = await createOracle(zoo.url);
  });
  afterAll(async () => {
    await oracle.stop();
    await zoo.stop();
  });

  it('finds, counts and groups the same rows as PostgreSQL and, where it can be asked, as Prisma', async () => {
    let asked = 0;
    const property = fc.asyncProperty(randomFilter, async ({ text, sql, where }) => {
      const [found, counted, grouped, expected, fromPrisma] = await Promise.all([
        zoo.find('Animal', text),
        zoo.call('count_records', { model: 'Animal', filter: text }),
        zoo.call('aggregate_records', { model: 'Animal', metrics: 'count', filter: text }),
        zoo.database.query<{ id: number }>(`SELECT id FROM zoo.animals a WHERE ${sql('a')} ORDER BY id`),
        where && oracle.client.animal.findMany({ where, select: { id: true }, orderBy: { id: 'asc' } }),
      ]);
      const ids = expected.map(({ id }) => id);
      expect(found).toEqual(ids);
      expect(counted.data.count).toBe(ids.length);
      expect(grouped.data.groups.rows).toEqual([[ids.length]]);
      if (fromPrisma) {
        asked++;
        expect(fromPrisma.map(({ id }) => id)).toEqual(ids);
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
    // Prisma is a witness of many filters, not of a few.
    expect(asked).toBeGreaterThan(RUNS / 3);
  });

  it.each(['friends', 'friendOf'])('leads over %s in the direction that Prisma takes', async (relation) => {
    for (const id of [1, 2, 3]) {
      const [animal = {}] = await oracle.client.animal.findMany({
        where: { id },
        select: { [relation]: { select: { id: true }, orderBy: { id: 'asc' } } },
      });
      const { data } = await zoo.call('get_record', {
        model: 'Animal',
        key: String(id),
        fields: 'id',
        include: `${relation}(id)`,
      });
      const [, [, rows = []] = []] = data.record.rows;
      const expected = animal[relation] as { id: number }[];
      expect(rows).toEqual(expected.map((row) => [row.id]));
    }
  });
});
