import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Cell, type Zoo } from './zoo/zoo.js';

/** No foreign key guards a relation: a third of the visits are of animals that are gone. */
const GONE = `
  ALTER TABLE zoo."select" DROP CONSTRAINT select_animal_id_fkey;
  INSERT INTO zoo."select" SELECT 900 + n, '2026-03-01 00:00+00', 100 + n, NULL, 'q', 1 FROM generate_series(1, 30) n;
`;

describe('A schema with relationMode = "prisma"', () => {
  let zoo: Zoo;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-dangling-'));
    const schema = await readFile(new URL('zoo/schema.prisma', import.meta.url), 'utf8');
    const file = path.join(folder, 'schema.prisma');
    const emulated = schema
      .replace('datasource db {', 'datasource db {\n  relationMode = "prisma"')
      // Prisma wants that said of circles.
      .replace(/(references: \[[^\]]*\])/g, '$1, onDelete: Restrict, onUpdate: Restrict');
    await writeFile(file, emulated);
    zoo = await startZoo({ section: { schema: file }, sql: GONE });
  });
  afterAll(async () => {
    await zoo.stop();
    await rm(folder, { recursive: true });
  });

  const visit = async (order_by: string): Promise<Cell[]> => {
    const orders: Cell[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const args = { model: 'Visit', fields: 'order', order_by, limit: 7, cursor };
      const { data } = await zoo.call('find_records', args);
      orders.push(...data.records.rows.map(([order = null]) => order));
      cursor = data.next_cursor;
    }
    return orders;
  };

  it.each(['animal.name', 'animal.name desc', 'animal.id, at desc', 'animal.parent.name'])(
    'is paged by %s, each row once, though required relations lead nowhere',
    async (order_by) => {
      const orders = await visit(order_by);
      expect(orders).toHaveLength(90);
      expect(new Set(orders).size).toBe(90);
    },
  );

  it('says which rows a negation leaves out', async () => {
    const filter = "animal.name != 'Ada'";
    const { data } = await zoo.call('count_records', { model: 'Visit', filter });
    expect([data.count, data.notes]).toEqual([48, ['30 rows without animal are not among these.']]);
    const missing = await zoo.call('count_records', { model: 'Visit', filter: 'animal is null' });
    expect([missing.data.count, missing.data.notes]).toEqual([30, []]);
    const guarded = await zoo.call('count_records', { model: 'Visit', filter: `${filter} and order < 50` });
    expect(guarded.data.notes).toEqual([]);
  });

  it('groups and includes what leads nowhere as null and none', async () => {
    const grouped = await zoo.call('aggregate_records', {
      model: 'Visit',
      metrics: 'count, count(animal.id)',
      group_by: 'animal.name',
      filter: 'order > 90',
    });
    expect(grouped.data.groups.rows).toEqual([[null, 30, 0]]);
    const { data } = await zoo.call('find_records', {
      model: 'Visit',
      filter: 'order = 101',
      fields: 'order, animal.name',
      include: 'animal(id)',
    });
    expect(data.records.rows).toEqual([[101, null, []]]);
  });
});
