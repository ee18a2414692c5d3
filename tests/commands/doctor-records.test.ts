import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fillExample } from '../records/example.js';
import { ROOT, steward } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { onServer } from '../support/conditions.js';

type Filled = Awaited<ReturnType<typeof fillExample>>;

/** Runs doctor. @returns what it found, a line each with its mark, and remedies without their arrow */
async function examine(env: Record<string, string>) {
  const { code, stdout, stderr } = await steward(['doctor'], env);
  const lines = stdout.split('\n').map((line) => line.trim().replace(/ {2,}/, ' '));
  return { code, stderr, lines, faults: lines.filter((line) => /^(FAIL|warn) /.test(line)) };
}

describe('steward doctor, with a schema', () => {
  let shop: Filled;
  beforeEach(async () => {
    shop = await fillExample('shop');
  });
  afterEach(() => shop.database.drop());

  it('selects every exposed model and field, and exits with 0 where all are there', async () => {
    const { code, lines, faults } = await examine({ ...shop.database.env, ...shop.env });
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ok database shop: postgresql:/),
        expect.stringMatching(/^ok connection: PostgreSQL/),
        'ok schema: 4 models with 33 fields are in the database',
      ]),
    );
    expect(faults.filter((fault) => !fault.startsWith('warn privileges'))).toEqual([]);
    expect(code).toBe(0);
  });

  it('names each table, column and relation that is not there, with what to do, and exits with 1', async () => {
    await shop.database.query('ALTER TABLE items RENAME TO lines');
    await shop.database.query('ALTER TABLE products RENAME stock TO in_stock');
    const { code, lines, faults } = await examine(shop.env);
    expect(faults.filter((fault) => !fault.startsWith('warn privileges'))).toEqual([
      'FAIL Product.stock: there is no column "stock"',
      'FAIL Product.items: the columns or the table that lead to Item are not there, or cannot be read (42P01)',
      'FAIL Order.items: the columns or the table that lead to Item are not there, or cannot be read (42P01)',
      'FAIL Item: there is no table "items"',
    ]);
    expect(lines).toContain(
      '→ bring the database up to date with the migrations of its application, or schema.prisma with the database: npx prisma db pull',
    );
    expect(code).toBe(1);
  });

  it('warns of types, enums, orders and row policies that differ, and exits with 0', async () => {
    await shop.database.query("ALTER TYPE order_status ADD VALUE 'REFUNDED'");
    await shop.database.query(`
      ALTER TYPE order_status RENAME VALUE 'PAID' TO 'paid';
      ALTER TABLE orders ALTER placed_at TYPE timestamp USING placed_at AT TIME ZONE 'UTC';
      ALTER TABLE products ALTER category TYPE text[] USING ARRAY[category];
      ALTER TABLE items DROP CONSTRAINT items_pkey;
      ALTER TABLE items ALTER qty DROP NOT NULL;
      ALTER TABLE customers ENABLE ROW LEVEL SECURITY`);
    const { code, faults } = await examine(shop.env);
    expect(faults.filter((fault) => !fault.startsWith('warn privileges'))).toEqual([
      'warn Customer: row policies are on, and this role bypasses them',
      'warn Product.category: is a list of text in the database, and no list in the schema',
      'warn Order.status: the database has paid, REFUNDED, which the schema lacks; the schema has PAID, which the database lacks',
      'warn Order.placedAt: is timestamp in the database, where the schema has timestamptz',
      'warn Item.qty: may be null in the database, and is required in the schema; pages in its order may lack rows',
      'warn Item: no index has the order of its pages, "order_id", "line"',
    ]);
    expect(code).toBe(0);

    await shop.database.query('ALTER TABLE orders ALTER status DROP DEFAULT, ALTER status TYPE text');
    expect((await examine(shop.env)).faults).toContain(
      'warn Order.status: is text in the database, and the enum OrderStatus in the schema',
    );
  });

  it('warns of columns and views that are made of what is hidden, where the schema does not say so', async () => {
    await shop.database.query(`
      ALTER TABLE customers ADD reach text GENERATED ALWAYS AS (lower(email)) STORED,
        ADD shown text GENERATED ALWAYS AS (upper(name)) STORED;
      CREATE VIEW contacts AS SELECT id, email AS address FROM customers;
      CREATE VIEW people AS SELECT id, address AS name FROM contacts;
      CREATE VIEW names AS SELECT id, name FROM customers`);
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-doctor-'));
    try {
      const own = await readFile(path.join(ROOT, 'examples', 'shop', 'schema.prisma'), 'utf8');
      const views = ['People', 'Names'].map(
        (name) =>
          `/// @mcp.expose\nview ${name} {\n  id Int @unique\n  name String\n  @@map("${name.toLowerCase()}")\n}\n`,
      );
      const changed = own.replace(
        '  note         String?',
        '  note         String?\n  reach        String?\n  shown        String?',
      );
      await writeFile(path.join(folder, 'schema.prisma'), [changed, ...views].join('\n'));
      const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
      const databases = { shop: { schema: 'schema.prisma', url: 'env:SHOP_URL' } };
      await writeFile(STEWARD_CONFIG, JSON.stringify({ databases }));
      const { code, faults } = await examine({ ...shop.env, STEWARD_CONFIG });
      expect(faults.filter((fault) => !fault.startsWith('warn privileges'))).toEqual([
        'warn Customer.reach: the database makes it from Customer.email, which is hidden or masked',
        'warn People: this view reads Customer.email, which is hidden or masked',
      ]);
      expect(code).toBe(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('says what is wrong with the configuration, as any command does', async () => {
    const { code, stderr } = await examine({ STEWARD_CONFIG: shop.env['STEWARD_CONFIG'] ?? '' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/databases\.shop\.url refers to SHOP_URL, which is not set/);
  });
});

onServer('steward doctor, with a role that only reads', () => {
  let shop: Filled;
  beforeAll(async () => {
    shop = await fillExample('shop');
  });
  afterAll(() => shop.database.drop());

  it('finds nothing to complain of, and then names what it may not read', async () => {
    const SHOP_URL = shop.database.env['DATABASE_URL'] ?? '';
    const asApp = { ...shop.env, SHOP_URL };
    await shop.database.query('GRANT SELECT ON orders, items TO steward_app');
    await shop.database.query(
      'GRANT SELECT (id, name, country, born, credit_limit, note, joined_at) ON customers TO steward_app',
    );
    await shop.database.query(
      'GRANT SELECT (sku, name, category, price, stock, sold_since, sold_until) ON products TO steward_app',
    );
    expect((await examine(asApp)).faults).toEqual([]);

    await shop.database.query('GRANT SELECT (card_number) ON payments TO steward_app');
    await shop.database.query('GRANT SELECT (email, password_hash) ON customers TO steward_app');
    await shop.database.query('GRANT UPDATE (note) ON customers TO steward_app');
    expect((await examine(asApp)).faults).toEqual([
      'warn privileges: Steward only reads, and its role may change Customer',
      'warn privileges: this role may read what is hidden: Customer.email, Customer.passwordHash, Payment',
    ]);
    await shop.database.query('REVOKE ALL ON payments FROM steward_app');
    await shop.database.query(
      'REVOKE SELECT (email, password_hash), UPDATE (note) ON customers FROM steward_app',
    );

    await shop.database.query('REVOKE SELECT ON items FROM steward_app');
    await shop.database.query('REVOKE SELECT ON orders FROM steward_app');
    await shop.database.query(
      'GRANT SELECT (id, customer_id, status, placed_at, shipped_on, total) ON orders TO steward_app',
    );
    await shop.database.query('ALTER TABLE customers ENABLE ROW LEVEL SECURITY');
    const { code, lines, faults } = await examine(asApp);
    expect(faults).toEqual([
      'FAIL Customer: row level security hides rows of "customers" from this role, so its calls are refused',
      'FAIL Product.items: the columns or the table that lead to Item are not there, or cannot be read (42501)',
      'FAIL Order.discount: no right to read the column "discount"',
      'FAIL Order.customer: row level security hides rows that it leads to',
      'FAIL Order.items: the columns or the table that lead to Item are not there, or cannot be read (42501)',
      'FAIL Item: no right to read "items"',
    ]);
    expect(lines).toContain('→ GRANT SELECT ON "items" TO the role that Steward connects as');
    expect(code).toBe(1);
  });
});

describe('steward doctor, with several databases', () => {
  let shop: Filled;
  let staff: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    [shop, staff] = [await fillExample('shop'), await freshDatabase()];
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-doctor-'));
  });
  afterAll(async () => {
    await Promise.all([shop.database.drop(), staff.drop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('checks each of them and the directory, goes on after one that is down, and shows no password', async () => {
    const schema = path.join(ROOT, 'examples', 'shop', 'schema.prisma');
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    const databases = {
      down: { schema, url: 'postgresql://someone:hunter2@127.0.0.1:1/down' },
      shop: { schema, url: 'env:SHOP_URL' },
    };
    await writeFile(STEWARD_CONFIG, JSON.stringify({ databases, directory: true }));
    const { code, lines, stderr } = await examine({ ...staff.env, ...shop.env, STEWARD_CONFIG });
    expect(lines).toEqual(
      expect.arrayContaining([
        'ok database down: postgresql://someone:****@127.0.0.1:1/down',
        expect.stringMatching(/^FAIL connection: .*ECONNREFUSED/),
        expect.stringMatching(/^ok schema: 4 models/),
        expect.stringMatching(/^ok database directory: /),
        'ok migrations: current',
      ]),
    );
    expect(lines.join('\n') + stderr).not.toContain('hunter2');
    expect(code).toBe(1);
  });
});
