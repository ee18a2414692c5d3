import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { told } from '../support/log.js';
import { startZoo, type Zoo } from './zoo/zoo.js';

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

/// @mcp.expose
model Customer {
  id    Int     @id
  name  String
  email String  @unique /// @mcp.mask
  code  String  @unique /// @mcp.hide
  photo Bytes?
  scan  Bytes?
  seal  Bytes? /// @mcp.mask
  stamp Bytes? /// @mcp.show
  bills Bill[]
  notes Note[]
}

/// @mcp.expose
model Bill {
  id            Int      @id
  customerEmail String
  customer      Customer @relation(fields: [customerEmail], references: [email])
}

/// @mcp.expose
model Note {
  id           Int      @id
  customerCode String   @unique /// @mcp.show
  codeText     String?  @default(dbgenerated("lower(\\"customerCode\\")")) @map("code_text")
  customer     Customer @relation(fields: [customerCode], references: [code])
  replies      Reply[]
}

/// @mcp.expose
model Reply {
  id       Int    @id
  noteCode String
  note     Note   @relation(fields: [noteCode], references: [customerCode])
}
`;

const TABLES = `
CREATE TABLE "Customer" (id int PRIMARY KEY, name text NOT NULL, email text UNIQUE NOT NULL, code text UNIQUE NOT NULL, photo bytea,
  scan bytea, seal bytea, stamp bytea);
CREATE TABLE "Bill" (id int PRIMARY KEY, "customerEmail" text NOT NULL REFERENCES "Customer" (email));
CREATE TABLE "Note" (id int PRIMARY KEY, "customerCode" text UNIQUE NOT NULL REFERENCES "Customer" (code),
  code_text text GENERATED ALWAYS AS (lower("customerCode")) STORED);
CREATE TABLE "Reply" (id int PRIMARY KEY, "noteCode" text NOT NULL REFERENCES "Note" ("customerCode"));
INSERT INTO "Customer" VALUES (1, 'Ada', 'ada@example.com', 'K-17', '\\x0102', '\\x010203', '\\x01', '\\x01020304');
INSERT INTO "Bill" VALUES (1, 'ada@example.com');
INSERT INTO "Note" VALUES (1, 'K-17');
INSERT INTO "Reply" VALUES (1, 'K-17');
`;

describe('what would tell a hidden or masked value by another way', () => {
  let folder: string;
  let zoo: Zoo;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-copies-'));
    const schema = path.join(folder, 'schema.prisma');
    await writeFile(schema, SCHEMA);
    const models = { Customer: { fields: { scan: 'show' } }, Note: { fields: { customerCode: 'show' } } };
    zoo = await startZoo({ section: { schema, models }, sql: TABLES });
  });
  afterAll(async () => {
    await zoo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const rows = async (model: string, args: Record<string, unknown> = {}) => {
    const { data } = await zoo.call('find_records', { model, ...args });
    return [data.records.columns, ...data.records.rows];
  };

  it('a foreign key that refers to a masked key is masked, and its relation leads on', async () => {
    expect(await rows('Bill')).toEqual([
      ['id', 'customerEmail'],
      [1, '***'],
    ]);
    for (const filter of ["customerEmail = 'ada@example.com'", "customerEmail contains 'a'"])
      expect((await zoo.call('count_records', { model: 'Bill', filter })).text).toContain(
        "'customerEmail' is masked",
      );
    expect(await rows('Bill', { fields: 'customer.name' })).toEqual([['customer.name'], ['Ada']]);
  });

  it('a foreign key that refers to a hidden key is hidden, and so are those that refer to it and what is made of it', async () => {
    expect(await rows('Note')).toEqual([['id'], [1]]);
    expect(await rows('Reply')).toEqual([['id'], [1]]);
    for (const [model, field] of [
      ['Note', 'customerCode'],
      ['Note', 'codeText'],
      ['Reply', 'noteCode'],
    ])
      expect((await zoo.call('find_records', { model, fields: field })).text).toContain(
        `${model} has no field '${field}'`,
      );
    expect(await rows('Reply', { fields: 'note.customer.name' })).toEqual([['note.customer.name'], ['Ada']]);
    await told(zoo.steward, 'Note.customerCode holds what Customer.code does: it is hidden, too.');
  });

  it('bytes tell their length where they are shown by name, and nothing where they are hidden or masked', async () => {
    const fields = 'scan, stamp, seal';
    expect(await rows('Customer', { fields })).toEqual([
      ['scan', 'stamp', 'seal'],
      [3, 4, '***'],
    ]);
    expect(await rows('Bill', { fields: 'id', include: 'customer(scan, seal)' })).toEqual([
      ['id', 'customer(scan, seal)'],
      [1, [[3, '***']]],
    ]);
    const { data } = await zoo.call('get_record', { model: 'Customer', key: '1' });
    expect(Object.fromEntries(data.record.rows)).toEqual({
      id: 1,
      name: 'Ada',
      email: '***',
      scan: 3,
      stamp: 4,
      seal: '***',
    });
    for (const [tool, args] of [
      ['find_records', { fields: 'photo' }],
      ['find_records', { filter: 'photo is not null' }],
      ['find_records', { order_by: 'photo' }],
      ['aggregate_records', { metrics: 'count(photo)' }],
      ['aggregate_records', { metrics: 'max(photo)' }],
      ['aggregate_records', { metrics: 'count', group_by: 'photo' }],
    ] as const)
      expect((await zoo.call(tool, { model: 'Customer', ...args })).text).toContain(
        "Customer has no field 'photo'",
      );
  });
});
