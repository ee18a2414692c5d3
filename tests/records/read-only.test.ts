import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { onServer } from '../support/conditions.js';
import { eventually } from '../support/eventually.js';
import { linesOf } from '../support/log.js';
import { startZoo, type Zoo } from './zoo/zoo.js';

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

enum Colour {
  RED
  BLUE
}

/// @mcp.expose
model Thing {
  id     Int    @id
  name   String
  size   Int
  colour Colour

  @@index([name])
}

/// Reading it writes.
/// @mcp.expose
model Writing {
  id Int @id
}

/// Reading it takes long.
/// @mcp.expose
model Slow {
  id   Int    @id
  name String

  @@index([id])
}
`;

const TABLES = `
CREATE TYPE "Colour" AS ENUM ('RED', 'BLUE');
CREATE TABLE "Thing" (id int PRIMARY KEY, name text NOT NULL, size int NOT NULL, colour "Colour" NOT NULL);
INSERT INTO "Thing" SELECT n, 'thing ' || n, n, 'RED' FROM generate_series(1, 5) n;
CREATE TABLE written (at timestamptz);
CREATE FUNCTION write_down() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written VALUES (now()); RETURN 1; END $$;
CREATE VIEW "Writing" AS SELECT write_down() AS id;
CREATE VIEW "Slow" AS SELECT 1 AS id, 'x'::text AS name FROM pg_sleep(20);
`;

const hasContains = (line: Record<string, unknown>) => JSON.stringify(line['arguments']).includes('contains');
let folder: string;
let zoo: Zoo;
const things = (args: Record<string, unknown> = {}) => zoo.call('find_records', { model: 'Thing', ...args });

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-reading-'));
  const schema = path.join(folder, 'schema.prisma');
  await writeFile(schema, SCHEMA);
  zoo = await startZoo({ section: { schema }, sql: TABLES, env: { DB_STATEMENT_TIMEOUT_MS: '1500' } });
});
afterAll(async () => {
  await zoo.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a read', () => {
  it.each([
    ['find_records', { model: 'Writing' }],
    ['get_record', { model: 'Writing', key: '1' }],
    ['count_records', { model: 'Writing', filter: 'id = 1' }],
    ['aggregate_records', { model: 'Writing', metrics: 'max(id)' }],
  ])('never writes, even where a view would: %s', async (tool, args) => {
    const { error, text } = await zoo.call(tool, args);
    expect(error).toBe('SCHEMA_CHANGED');
    expect(text).toContain('Reading this would change the database, and Steward only reads.');
    expect(await zoo.database.query('SELECT * FROM written')).toEqual([]);
    expect((await things()).error).toBeUndefined();
  });

  it('goes on where a migration changes the type of a column between two reads', async () => {
    const before = await things({ filter: 'size > 1' });
    await zoo.database.query('ALTER TABLE "Thing" ALTER size TYPE bigint');
    expect((await things({ filter: 'size > 1' })).data.records).toEqual(before.data.records);
    await zoo.database.query('ALTER TABLE "Thing" ADD COLUMN added text');
    expect((await things({ filter: 'size > 1' })).data.records).toEqual(before.data.records);
    await zoo.database.query('ALTER TABLE "Thing" DROP COLUMN name');
    await zoo.database.query(`ALTER TABLE "Thing" ADD COLUMN name varchar(20) NOT NULL DEFAULT 'new'`);
    const { data } = await things({ filter: "size > 1 and name = 'new'" });
    expect(data.records.rows).toHaveLength(before.data.records.rows.length);
  });

  it('of a column that is gone is SCHEMA_CHANGED, logged once', async () => {
    await zoo.database.query('ALTER TABLE "Thing" RENAME COLUMN size TO length');
    for (const args of [{}, { order_by: 'size' }, {}]) {
      const { error, text } = await things(args);
      expect(error).toBe('SCHEMA_CHANGED');
      expect(text).toContain('steward doctor');
    }
    expect((await things({ fields: 'id, name' })).error).toBeUndefined();
    await zoo.database.query('ALTER TABLE "Thing" RENAME COLUMN length TO size');
    expect((await things()).error).toBeUndefined();
    await eventually(
      () => linesOf(zoo.steward, 'call').filter(({ outcome }) => outcome === 'SCHEMA_CHANGED').length >= 7,
    );
    const lines = zoo.steward
      .log()
      .filter(
        ({ message, cause }) => /no longer as its schema says/.test(message) && /size/.test(String(cause)),
      );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'warn', database: 'zoo' });
  });

  it('of an enum value that is gone is SCHEMA_CHANGED, and what is stored is shown as it is', async () => {
    await zoo.database.query(`ALTER TYPE "Colour" RENAME VALUE 'BLUE' TO 'NAVY'`);
    await zoo.database.query(`UPDATE "Thing" SET colour = 'NAVY' WHERE id = 5`);
    expect((await things({ filter: 'colour = BLUE' })).error).toBe('SCHEMA_CHANGED');
    expect((await things({ filter: 'id = 5', fields: 'colour' })).data.records.rows).toEqual([['NAVY']]);
  });

  it('leaves model, names and operators in the log, and no value', async () => {
    const { error } = await things({
      filter: "name = 'topsecret' and size in (471147114, 471147115) and name contains size",
      order_by: 'size desc',
    });
    expect(error).toBeUndefined();
    await eventually(() => linesOf(zoo.steward, 'call').some(hasContains));
    const line = linesOf(zoo.steward, 'call').find(hasContains);
    expect(line?.['arguments']).toMatchObject({
      model: 'Thing',
      filter: 'name = ? and size in (?) and name contains ?',
      order_by: 'size desc',
    });
    expect(zoo.steward.stderr()).not.toMatch(/topsecret|471147114|471147115/);
  });
});

onServer('a read, on a PostgreSQL server', () => {
  it('that takes too long is TIMEOUT, naming what is indexed', async () => {
    const { error, text } = await zoo.call('find_records', {
      model: 'Slow',
      filter: "id = 1 and name = 'x'",
    });
    expect(error).toBe('TIMEOUT');
    expect(text).toContain('Indexed: id. Not indexed: name. Narrow the filter by one of id.');
  });

  it('under way while migrations run is of before or after one, or SCHEMA_CHANGED', async () => {
    const migrated = new AbortController();
    const outcomes = new Set<string | undefined>();
    const readers = [1, 2, 3].map(async () => {
      while (!migrated.signal.aborted)
        outcomes.add((await things({ filter: 'size > 1', order_by: 'size' })).error);
    });
    for (let round = 0; round < 15; round += 1) {
      for (const change of ['ALTER size TYPE int', 'ALTER size TYPE bigint', 'DROP size', 'ADD size int'])
        await zoo.database.query(`ALTER TABLE "Thing" ${change}`);
      await zoo.database.query('UPDATE "Thing" SET size = id');
    }
    migrated.abort();
    await Promise.all(readers);
    expect([undefined, 'SCHEMA_CHANGED']).toEqual(expect.arrayContaining([...outcomes]));
    expect((await things({ filter: 'size > 1' })).data.records.rows).toHaveLength(4);
  });

  it('goes on after the server ended all connections', async () => {
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    await zoo.database.query(end);
    await eventually(async () => (await things()).error === undefined);
    expect((await things({ fields: 'id' })).data.records.rows).toHaveLength(5);
  });

  it('ends with a call that hangs up', async () => {
    const controller = new AbortController();
    const call = zoo.steward.client.callTool(
      { name: 'find_records', arguments: { model: 'Slow' } },
      undefined,
      {
        signal: controller.signal,
      },
    );
    const running = () =>
      zoo.database.query(
        `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%"Slow"%' AND pid <> pg_backend_pid()`,
      );
    await eventually(async () => (await running()).length > 0);
    controller.abort();
    await expect(call).rejects.toThrow(/abort/i);
    const since = performance.now();
    await eventually(async () => (await running()).length === 0);
    expect(performance.now() - since).toBeLessThan(1000);
    expect((await things()).error).toBeUndefined();
  });
});
