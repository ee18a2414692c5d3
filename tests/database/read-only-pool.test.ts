import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pipeline, Transform } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startZoo, type Zoo } from '../records/zoo/zoo.js';
import { onServer } from '../support/conditions.js';
import { eventually } from '../support/eventually.js';
import { HttpSteward } from '../support/http.js';
import { startSteward } from '../support/steward.js';

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

/// @mcp.expose
model Thing {
  id   Int    @id
  name String
}

/// Reading it writes.
/// @mcp.expose
model Writing {
  id Int @id
}

/// Reading it takes long.
/// @mcp.expose
model Slow {
  id Int @id
}
`;

const TABLES = `
CREATE TABLE "Thing" (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO "Thing" VALUES (1, 'one'), (2, 'two');
CREATE TABLE written (at timestamptz);
CREATE FUNCTION write_down() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written VALUES (now()); RETURN 1; END $$;
CREATE VIEW "Writing" AS SELECT write_down() AS id;
CREATE VIEW "Slow" AS SELECT 1 AS id FROM pg_sleep(20);
`;

/** The statement of a flight that a fault spoils; of the same length, so that the protocol's frames stay whole. */
const FAULTS = {
  begin: ['BEGIN READ ONLY', 'BEGIN READ ONLX'],
  settings: ["'bytea_output'", "'bytea_outpux'"],
} as const;

/** Leads to a server, and spoils a statement on the way while it has a fault. */
async function spoilingProxy(target: URL) {
  let fault: readonly [string, string] | undefined;
  const server = net.createServer({ noDelay: true }, (from) => {
    const to = net.connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    const spoil = new Transform({
      transform: (chunk: Buffer, _encoding, done) =>
        done(null, fault ? Buffer.from(chunk.toString('latin1').replaceAll(...fault), 'latin1') : chunk),
    });
    pipeline(from, spoil, to, from, () => {});
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(target);
  url.port = String((server.address() as net.AddressInfo).port);
  return {
    url: url.href,
    async during<Result>(what: keyof typeof FAULTS, work: () => Promise<Result>): Promise<Result> {
      fault = FAULTS[what];
      return work().finally(() => (fault = undefined));
    },
    close: () => server.close(),
  };
}

onServer('the pool of reads, on a PostgreSQL server', () => {
  let folder: string;
  let zoo: Zoo;
  const things = async () =>
    (await zoo.call('find_records', { model: 'Thing', fields: 'id' })).data.records?.rows;
  /** Sessions of Steward in the database that hold a transaction open, or run a statement. */
  const open = () =>
    zoo.database.query(
      `SELECT state, query FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`,
    );
  const isReading = () => eventually(async () => (await open()).length > 0);
  const noneOpen = () => eventually(async () => (await open()).length === 0, 3000);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-flights-'));
    const schema = path.join(folder, 'schema.prisma');
    await writeFile(schema, SCHEMA);
    const env = { DB_STATEMENT_TIMEOUT_MS: '4000', DB_POOL_MAX: '2', DB_ACQUIRE_TIMEOUT_MS: '500' };
    zoo = await startZoo({ section: { schema }, sql: TABLES, env });
  });
  afterAll(async () => {
    await zoo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['begin', 'settings'] as const)(
    'writes nothing where the statement before the read fails (%s), and reads again after it',
    async (fault) => {
      const proxy = await spoilingProxy(new URL(zoo.url));
      const steward = await startSteward({ database: zoo.database, env: { ...zoo.env, ZOO_URL: proxy.url } });
      try {
        const read = (model: string) => steward.call('find_records', { model });
        expect((await read('Thing')).error).toBeUndefined();
        const { error } = await proxy.during(fault, () => read('Writing'));
        expect(error).toBeDefined();
        expect(await zoo.database.query('SELECT * FROM written')).toEqual([]);
        expect((await read('Thing')).error).toBeUndefined();
        expect(await open()).toEqual([]);
      } finally {
        await steward.stop();
        proxy.close();
      }
    },
  );

  it('leaves no transaction open after a statement that ran out of time', async () => {
    expect((await zoo.call('find_records', { model: 'Slow' })).error).toBe('TIMEOUT');
    expect(await open()).toEqual([]);
    expect(await things()).toEqual([[1], [2]]);
  });

  it('refuses a read for which there is no connection in time, and serves again when there is', async () => {
    const slow = [1, 2].map(() => zoo.call('find_records', { model: 'Slow' }));
    await eventually(async () => (await open()).length === 2);
    const { error, text } = await zoo.call('find_records', { model: 'Thing' });
    expect(error).toBe('TIMEOUT');
    expect(text).toContain('All database connections are busy');
    for (const answer of await Promise.all(slow)) expect(answer.error).toBe('TIMEOUT');
    expect(await things()).toEqual([[1], [2]]);
    expect(await open()).toEqual([]);
  });

  it('ends the read of a client over HTTP that hangs up', async () => {
    const http = await HttpSteward.start({ ...zoo.database.env, ...zoo.env });
    try {
      const controller = new AbortController();
      const call = http.call('find_records', { model: 'Slow' }, { signal: controller.signal });
      await isReading();
      controller.abort();
      await expect(call).rejects.toThrow(/abort/i);
      await noneOpen();
      expect((await http.call('find_records', { model: 'Thing' })).status).toBe(200);
    } finally {
      await http.stop();
    }
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'leaves no transaction open when %s ends the process during a read',
    async (signal) => {
      const http = await HttpSteward.start({ ...zoo.database.env, ...zoo.env, SHUTDOWN_GRACE_MS: '1000' });
      const call = http.call('find_records', { model: 'Slow' }).catch(() => {});
      await isReading();
      await http.stop(signal);
      await call;
      // The server notices that a client is gone only when it writes to it: the statement's own limit ends it.
      await eventually(async () => (await open()).length === 0, 8000);
      expect(await things()).toEqual([[1], [2]]);
    },
  );
});
