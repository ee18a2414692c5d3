import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOT } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { startSteward, type Steward } from '../support/steward.js';
import { fillExample } from './example.js';
import type { RecordsAnswer } from './zoo/zoo.js';

/** Customers of one country, for every role that is bound by policies. */
const POLICY = `
  GRANT SELECT ON customers, products, orders, items TO steward_app;
  ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
  CREATE POLICY ours ON customers USING (country = 'DE')`;

onServer('row policies that hold for the role of Steward, on a PostgreSQL server', () => {
  let shop: Awaited<ReturnType<typeof fillExample>>;
  let steward: Steward;
  let folder: string;
  const call = async (tool: string, args: Record<string, unknown>) =>
    (await steward.call(tool, args)) as unknown as RecordsAnswer;
  const ids = async (where: string) =>
    (await shop.database.query<{ id: number }>(`SELECT id FROM customers WHERE ${where} ORDER BY id`)).map(
      ({ id }) => id,
    );

  beforeAll(async () => {
    shop = await fillExample('shop');
    await shop.database.query(POLICY);
    const { databases } = JSON.parse(await readFile(shop.env.STEWARD_CONFIG, 'utf8')) as {
      databases: { shop: object };
    };
    const schema = path.join(ROOT, 'examples', 'shop', 'schema.prisma');
    const url = shop.database.env['DATABASE_URL'] ?? '';
    const byRole = { shop: { ...databases.shop, schema, url, policies: 'by-role' } };
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-policies-'));
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    await writeFile(STEWARD_CONFIG, JSON.stringify({ databases: byRole }));
    steward = await startSteward({ database: shop.database, env: { STEWARD_CONFIG } });
  });
  afterAll(async () => {
    await steward.stop();
    await shop.database.drop();
    await rm(folder, { recursive: true });
  });

  it('leave other rows out of lists, counts, groups and single records', async () => {
    const seen = await ids("country = 'DE'");
    const { data } = await call('find_records', {
      model: 'Customer',
      fields: 'id',
      order_by: 'id',
      limit: 100,
    });
    expect(data.records.rows).toEqual(seen.map((id) => [id]));
    expect((await call('count_records', { model: 'Customer' })).data.count).toBe(seen.length);
    const groups = await call('aggregate_records', {
      model: 'Customer',
      metrics: 'count',
      group_by: 'country',
    });
    expect(groups.data.groups.rows).toEqual([['DE', seen.length]]);
    const [other] = await ids("country <> 'DE'");
    expect((await call('get_record', { model: 'Customer', key: String(other) })).error).toBe('NOT_FOUND');
  });

  it('hide them behind relations, and from the suggestion of values', async () => {
    const groups = await call('aggregate_records', {
      model: 'Order',
      metrics: 'count',
      group_by: 'customer.country',
    });
    const countries = groups.data.groups.rows.map(([country]) => country);
    expect(new Set(countries)).toEqual(new Set(['DE', null]));
    const found = await call('find_records', { model: 'Order', filter: 'customer.country = FR' });
    expect(found.data.records.rows).toEqual([]);
    expect(found.data.notes).toEqual(["No row has customer.country = 'FR'. There is 'DE'."]);
  });
});
