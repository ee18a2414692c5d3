import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { steward as runSteward } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { told } from '../support/log.js';
import { claims } from '../support/modern.js';
import { expectValid } from '../support/specification.js';
import { startSteward, type Steward } from '../support/steward.js';
import { openOffice } from './office/office.js';

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

/// @mcp.expose
model Sale {
  id      Int      @id
  shop    String?
  text    String
  price   Decimal
  change  Int
  placed  DateTime @db.Timestamptz(3)
  /// @mcp.mask
  card    String
  secret  String
  buyerId Int?
  buyer   Buyer?   @relation(fields: [buyerId], references: [id])
}

/// @mcp.expose
/// @mcp.scope("people")
model Buyer {
  id    Int    @id
  name  String
  sales Sale[]
}
`;

/** Texts that a program which reads CSV could take for something else. */
const TEXTS = [
  'plain',
  'a, "b"',
  'two\r\nlines',
  '',
  '=1+1',
  '+49 30',
  '-2',
  '@SUM(A1)',
  '\t=1',
  '＝1',
  'a\u202eb',
  '\n=1',
];

const TABLES = `
  CREATE TABLE "Buyer" (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "Sale" (id int PRIMARY KEY, shop text, text text NOT NULL, price numeric NOT NULL, change int NOT NULL,
    placed timestamptz(3) NOT NULL, card text NOT NULL, secret text NOT NULL, "buyerId" int REFERENCES "Buyer");
  INSERT INTO "Buyer" VALUES (1, '=Ada'), (2, 'Bob');
  INSERT INTO "Sale" (id, shop, text, price, change, placed, card, secret, "buyerId") VALUES
    ${TEXTS.map((text, at) => `(${at + 1}, ${at % 3 === 0 ? 'NULL' : "'Bonn'"}, E'${text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}', -1.50, ${-at}, '2026-05-01', '4711', 'hush', ${1 + (at % 2)})`).join(', ')};
  INSERT INTO "Sale" (id, shop, text, price, change, placed, card, secret)
    SELECT n, 'shop ' || n, repeat('x', 100), 1, 1, '2026-06-01', '4711', 'hush' FROM generate_series(1000, 11500) n;
  INSERT INTO "Sale" (id, shop, text, price, change, placed, card, secret)
    SELECT n, 'wide', repeat('"', 32767), 1, 1, '2026-06-01', '4711', 'hush' FROM generate_series(20001, 20300) n;
  UPDATE "Sale" SET "buyerId" = 2 WHERE id BETWEEN 1000 AND 1010;
  ANALYZE "Sale"`;

const QUESTIONS = {
  texts: {
    description: 'Sales of a shop, or of none',
    find: {
      model: 'Sale',
      filter: 'id < :below',
      fields: 'id, text, price, change, card, buyer.name',
      limit: 2,
    },
    parameters: { below: { type: 'integer', description: 'Of their ids' } },
  },
  first_shops: {
    description: 'The first two shops',
    aggregate: { model: 'Sale', metrics: 'count', group_by: 'shop', filter: 'id > 999', limit: 2 },
  },
  wide: {
    description: 'Sales with long texts',
    find: { model: 'Sale', filter: 'id > 20000 and id < :below', fields: 'id, text' },
    parameters: { below: { type: 'integer', description: 'Of their ids' } },
  },
  buyers: {
    description: 'Buyers with their sales',
    find: { model: 'Buyer', filter: 'id = 2', fields: 'name', include: 'sales(id)' },
  },
  sale: { description: 'A sale', get: { model: 'Sale', key: '1' } },
};

interface Link {
  type: string;
  uri: string;
  name: string;
  mimeType: string;
}

const SECRET = { STEWARD_SECRET: Buffer.alloc(32, 7).toString('base64url') };

/** The answer's text and the link beside it. */
async function ask(steward: Steward, name: string, args: Record<string, unknown> = {}) {
  const result = await steward.client.callTool({ name, arguments: { csv: true, ...args } });
  const [{ text }, link] = result.content as [{ text: string }, Link];
  return { result, text, link };
}

async function read(steward: Steward, { uri }: Pick<Link, 'uri'>): Promise<string> {
  const { contents } = await steward.client.readResource({ uri });
  return (contents[0] as { text: string }).text;
}

async function save(steward: Steward, name: string, args?: Record<string, unknown>): Promise<string> {
  return read(steward, (await ask(steward, name, args)).link);
}

describe('an answer as CSV', () => {
  let folder: string;
  let database: TestDatabase;
  let url: string;
  let steward: Steward;
  const stops: Steward[] = [];

  async function serve(section: object = {}, beside: object = {}, env: Record<string, string> = {}) {
    const file = path.join(folder, `${stops.length}.json`);
    const schema = path.join(folder, 'schema.prisma');
    const config = {
      databases: { sales: { schema, url: 'env:SALES_URL', ...section } },
      questions: QUESTIONS,
      ...beside,
    };
    await writeFile(file, JSON.stringify(config));
    const settings = {
      ...SECRET,
      STEWARD_CONFIG: file,
      SALES_URL: url,
      RATE_LIMIT_PER_MINUTE: '1000',
      ...env,
    };
    const started = await startSteward({ database, env: settings });
    stops.push(started);
    return started;
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-csv-'));
    await writeFile(path.join(folder, 'schema.prisma'), SCHEMA);
    database = await freshDatabase();
    // It also keeps the embedded database open, whose address is good as long as it is.
    await database.query(TABLES);
    url =
      database.administration['DATABASE_URL'] ??
      (await runSteward(['database-url'], database.env)).stdout.trim();
    steward = await serve();
  });
  afterAll(async () => {
    for (const one of stops) await one.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is behind a link, for the caller who asks for one; the text stays as it is', async () => {
    const question = { model: 'Sale', metrics: 'count', group_by: 'shop', filter: 'id < 100' };
    const { result, text, link } = await ask(steward, 'aggregate_records', question);
    expect(link).toMatchObject({
      type: 'resource_link',
      name: 'aggregate_records.csv',
      mimeType: 'text/csv',
    });
    const without = await steward.client.callTool({ name: 'aggregate_records', arguments: question });
    expect(without.content).toEqual([{ type: 'text', text }]);
    expectValid('2025-11-25', 'CallToolResult', result);
    expect(await read(steward, link)).toBe('shop,count\r\nBonn,8\r\n,4\r\n');
  });

  it('is a resource of both eras, for its caller alone and never fresh', async () => {
    const { link } = await ask(steward, 'texts', { below: 2 });
    const request = (params: object) =>
      steward.client.request(
        { method: 'resources/read', params: { uri: link.uri, ...params } },
        z.looseObject({}),
      );
    const before = await request({});
    expectValid('2025-11-25', 'ReadResourceResult', before);
    const { contents, ...now } = await request({ _meta: claims() });
    expectValid('2026-07-28', 'ReadResourceResult', { contents, ...now });
    expect(now).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    expect(contents).toEqual(before['contents']);
    expect(contents).toMatchObject([{ uri: link.uri, mimeType: 'text/csv' }]);
    const listed = await steward.client.listResourceTemplates();
    expect(JSON.stringify(listed)).not.toContain('csv');
  });

  it('has all rows of a list, in the form of RFC 4180, and no text that a spreadsheet would run', async () => {
    const written = [
      'plain',
      '"a, ""b"""',
      '"two\r\nlines"',
      '""',
      "'=1+1",
      "'+49 30",
      "'-2",
      "'@SUM(A1)",
      "'\t=1",
      "'＝1",
      'a\\u{202e}b',
      `"'\n=1"`,
    ];
    const lines = written.map(
      (text, at) => `${at + 1},${text},-1.50,${at === 0 ? 0 : -at},***,${at % 2 === 0 ? "'=Ada" : 'Bob'}\r\n`,
    );
    const csv = await save(steward, 'texts', { below: 100, limit: 1 });
    expect(csv).toBe(`id,text,price,change,card,buyer.name\r\n${lines.join('')}`);
  });

  it('has all groups of aggregate_records, and no more of a saved question than it says', async () => {
    const question = {
      model: 'Sale',
      metrics: 'count',
      group_by: 'shop',
      filter: 'id >= 1000 and id < 4000',
      limit: 1,
    };
    expect((await save(steward, 'aggregate_records', question)).split('\r\n')).toHaveLength(3002);
    expect(await save(steward, 'first_shops')).toBe('shop,count\r\nshop 1000,1\r\nshop 10000,1\r\n');
  });

  it('is there whole or not at all', async () => {
    const groups = { model: 'Sale', metrics: 'count', group_by: 'id' };
    await expect(save(steward, 'aggregate_records', groups)).rejects.toThrow(
      /VALIDATION: The file would have more than 10,000 rows or 800 KiB\. Ask for less/,
    );
    await expect(save(steward, 'texts', { below: 20_000 })).rejects.toThrow(/more than 10,000 rows/);
    const wide = { ...groups, group_by: 'id, text', filter: 'id < 10500' };
    await expect(save(steward, 'aggregate_records', wide)).rejects.toThrow(/800 KiB/);
  });

  it('is measured as JSON writes it: a quotation mark of a text is two of CSV, and each of them two bytes', async () => {
    expect(await save(steward, 'wide', { below: 20_007 })).toHaveLength(
      'id,text\r\n'.length + 6 * ('20001,""\r\n'.length + 2 * 32_767),
    );
    await expect(save(steward, 'wide', { below: 20_008 })).rejects.toThrow(/800 KiB/);
  });

  it('has ten related records of each, and says so', async () => {
    const { link } = await ask(steward, 'buyers');
    const { contents } = await steward.client.readResource({ uri: link.uri });
    expect(contents).toMatchObject([
      {
        text: expect.stringMatching(/Bob,.*""and more""\]"\r\n$/),
        _meta: { 'steward/notes': [expect.stringMatching(/^sales: 10 a record; "and more" marks/)] },
      },
    ]);
  });

  onServer('on a PostgreSQL server', () => {
    it('is refused without its rows being written to the disk of the server', async () => {
      await database.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET temp_file_limit = ''1MB''', current_database()); END $$`,
      );
      const limited = await serve();
      await expect(save(limited, 'wide', { below: 30_000 })).rejects.toThrow(/800 KiB/);
    });
  });

  it('has an address that says nothing, of which no letter can be changed', async () => {
    const { link } = await ask(steward, 'texts', { below: 77 });
    const sealed = link.uri.split('/').at(-1) ?? '';
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('below');
    const altered = `${link.uri.slice(0, -1)}${link.uri.endsWith('A') ? 'B' : 'A'}`;
    const moved = link.uri.replace('/texts/', '/first_shops/');
    for (const uri of [altered, moved, 'records://csv/texts/x'])
      await expect(read(steward, { uri })).rejects.toThrow(
        /NOT_FOUND: There is no file at this address for you/,
      );
    await expect(read(steward, { uri: 'records://csv/sale/x' })).rejects.toThrow('There is no resource');
    await told(steward, 'records://csv/sale/x');
    expect(steward.stderr()).not.toContain(sealed);
  });

  it('is refused an address where the question is too long for one', async () => {
    const filter = `text in (${Array.from({ length: 150 }, (_, at) => `'text number ${at}'`).join()})`;
    const { text, result } = await ask(steward, 'aggregate_records', {
      model: 'Sale',
      metrics: 'count',
      filter,
    });
    expect(result.isError).toBe(true);
    expect(text).toMatch(/^VALIDATION: csv: The question is too long for an address/);
  });

  describe('is read with the rights of its reader, as they are then', () => {
    it('so another caller does not get it', async () => {
      const { link } = await ask(steward, 'texts', { below: 3 });
      const other = await serve({}, {}, { STEWARD_CALLER: 'other' });
      await expect(read(other, link)).rejects.toThrow(/NOT_FOUND: There is no file/);
    });

    it('so what was closed since is closed', async () => {
      const { link: ofPeople } = await ask(steward, 'texts', { below: 3 });
      const by = (group_by: string) =>
        ask(steward, 'aggregate_records', { model: 'Sale', metrics: 'count', group_by, filter: 'id < 100' });
      const [shops, secrets, buyers] = [await by('shop'), await by('text'), await by('buyer.name')];
      const models = { Sale: { min_group: 5, fields: { text: 'hide' } } };
      const later = await serve(
        { models },
        {
          caller: { scopes: ['records:read'] },
          questions: {
            texts: {
              ...QUESTIONS.texts,
              find: { model: 'Sale', filter: 'id < :below', include: 'buyer(name)' },
            },
          },
        },
      );
      await expect(read(later, ofPeople)).rejects.toThrow(/FORBIDDEN: This needs the scope people/);
      await expect(read(later, secrets.link)).rejects.toThrow(
        /VALIDATION: group_by: Sale has no field 'text'/,
      );
      await expect(read(later, buyers.link)).rejects.toThrow(
        /VALIDATION: group_by: Sale has no field 'buyer'/,
      );
      const { contents } = await later.client.readResource({ uri: shops.link.uri });
      expect(contents).toMatchObject([
        {
          text: 'shop,count\r\nBonn,8\r\n',
          _meta: { 'steward/notes': ['Groups of fewer than 5 rows are not shown.'] },
        },
      ]);
    });
  });
});

onServer('an answer as CSV, where tenants have row policies', () => {
  it('has the rows of its reader', async () => {
    const office = await openOffice(`
      GRANT SELECT ON customers, invoices, tags, "_InvoiceToTag", paid TO steward_app; ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
      CREATE POLICY ours ON invoices USING (org_id = nullif(current_setting('app.tenant', true), '')::int)`);
    const [seven, eight] = await Promise.all(
      [7, 8].map(async (org_id) =>
        startSteward({
          database: office.database,
          env: { ...(await office.configure({}, { caller: { claims: { org_id } } })), ...SECRET },
        }),
      ),
    );
    try {
      const question = { model: 'Invoice', metrics: 'count', group_by: 'orgId' };
      const { link } = await ask(seven as Steward, 'aggregate_records', question);
      expect(await read(seven as Steward, link)).toBe('orgId,count\r\n7,90\r\n');
      expect(await read(eight as Steward, link)).toBe('orgId,count\r\n8,90\r\n');
    } finally {
      await Promise.all([seven?.stop(), eight?.stop()]);
      await office.drop();
    }
  });
});
