import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAIN, ROOT, run, steward } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { parseExposition } from '../support/exposition.js';
import { HttpSteward } from '../support/http.js';
import { told } from '../support/log.js';
import { startSteward, type Steward } from '../support/steward.js';

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

/// @mcp.expose
model Order {
  id      Int     @id
  note    String?
  total   Int
  pin     Int?
  shape   Unsupported("point")?
  old     String? @ignore
}
`;
const TABLES = `
CREATE TABLE IF NOT EXISTS "Order" (id int PRIMARY KEY, note text, total int NOT NULL, pin int, shape point, old text);
INSERT INTO "Order" VALUES (1, 'one', 10, 1234), (2, NULL, 20, 4321) ON CONFLICT DO NOTHING;
`;
const URL = 'postgresql://nowhere.invalid:5432/shop';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'steward-configuration-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Written {
  schema?: string;
  content?: Record<string, unknown>;
  section?: Record<string, unknown>;
}

async function write({ schema = SCHEMA, content = {}, section = {} }: Written): Promise<string> {
  await writeFile(path.join(folder, 'schema.prisma'), schema);
  const file = path.join(folder, 'steward.config.json');
  const databases = { shop: { schema: 'schema.prisma', url: URL, ...section } };
  await writeFile(file, JSON.stringify({ databases, ...content }));
  return file;
}

/** What a start that fails says. */
async function refusal(written: Written, env: Record<string, string> = {}): Promise<string> {
  const { code, stderr } = await steward([], { STEWARD_CONFIG: await write(written), ...env });
  expect(code).toBe(1);
  return stderr;
}

const marked = (mark: string) => SCHEMA.replace('  note ', `  /// ${mark}\n  note `);

describe('a mistake in what is exposed ends the start', () => {
  it.each<[string, Written, RegExp]>([
    [
      'an unknown mark',
      { schema: marked('@mcp.hidden') },
      /schema\.prisma:\d+: @mcp\.hidden is no mark.* Did you mean '@mcp\.hide'\?/,
    ],
    [
      'a mark of a model on a field',
      { schema: marked('@mcp.expose') },
      /schema\.prisma:9: @mcp\.expose is no mark of a field/,
    ],
    [
      'two marks that contradict',
      { schema: marked('@mcp.hide @mcp.show') },
      /schema\.prisma:\d+: hide and show contradict/,
    ],
    [
      'two choices that contradict',
      { section: { models: { Order: { fields: { note: ['hide', 'mask'] } } } } },
      /Order\.note: hide and mask contradict/,
    ],
    [
      'an unknown model',
      { section: { models: { Ordr: { expose: true } } } },
      /no model 'Ordr'\. Did you mean 'Order'\?/,
    ],
    [
      'an unknown field',
      { section: { models: { Order: { fields: { nota: 'hide' } } } } },
      /no field 'nota'.* Did you mean 'note'\?/,
    ],
    [
      'an unsupported type shown',
      { section: { models: { Order: { fields: { shape: 'show' } } } } },
      /no field 'shape' that could be shown/,
    ],
    [
      'an ignored field shown',
      { section: { models: { Order: { fields: { old: 'show' } } } } },
      /no field 'old' that could be shown/,
    ],
    [
      'an unknown word',
      { section: { models: { Order: { fields: { note: 'secret' } } } } },
      /databases\.shop\.models\.Order\.fields\.note takes show, hide, mask, untrusted, or a list/,
    ],
    [
      'a word that is nearly right',
      { section: { models: { Order: { fields: { note: ['untrusted', 'hidden'] } } } } },
      /Order\.fields\.note takes .* Did you mean 'hide'\?/,
    ],
    [
      'a key that is nearly right',
      { section: { models: { Order: { feilds: { note: 'hide' } } } } },
      /databases\.shop\.models\.Order\.feilds means nothing\. Did you mean 'fields'\?/,
    ],
    [
      'a scope of the directory',
      { section: { models: { Order: { scope: 'directory:read' } } } },
      /shop\.Order has the scope "directory:read", which is the staff directory's and opens no record/,
    ],
    [
      'two scopes of one model',
      {
        schema: SCHEMA.replace('expose', 'expose @mcp.scope("a")'),
        section: { models: { Order: { scope: 'b' } } },
      },
      /scope "b" here, and "a" at .*schema\.prisma:\d+/,
    ],
    [
      'nothing exposed',
      { schema: SCHEMA.replace('/// @mcp.expose', '') },
      /no model of schema\.prisma is exposed/,
    ],
    [
      'a key that does not exist',
      { content: { database: {} } },
      /database means nothing\. Did you mean 'databases'\?/,
    ],
    [
      'a schema that is not there',
      { section: { schema: 'nowhere.prisma' } },
      /nowhere\.prisma cannot be read/,
    ],
    [
      'a scope of the caller that nothing needs',
      { content: { caller: { scopes: ['records:write'] } } },
      /scope "records:write", which nothing here needs.*records:read/,
    ],
    [
      'a reference to nothing',
      { section: { url: 'env:SHOP_URL' } },
      /databases\.shop\.url refers to SHOP_URL, which is not set/,
    ],
    [
      'an unknown word for a field',
      { section: { models: { Order: { fields: { note: 'masked' } } } } },
      /databases\.shop\.models\.Order\.fields\.note takes show, hide, mask, untrusted, or a list of these/,
    ],
    [
      'a directory that is neither wanted nor not',
      { content: { directory: 'yes' } },
      /directory takes true, false, or \{ "url": "env:NAME" \}/,
    ],
    [
      'a password with a % that is not encoded',
      { section: { url: 'postgresql://ann:50%off@nowhere.invalid/shop' } },
      /databases\.shop\.url is no address.*percent-encode special characters in names and the password/,
    ],
    [
      'a directory in a schema of its own',
      { content: { directory: { url: 'postgresql://nowhere.invalid/staff?schema=apart' } } },
      /must not name the schema apart.*steward init/,
    ],
    ['an address that is none', { section: { url: 'env:NODE_ENV' } }, /databases\.shop\.url is no address/],
    ['a directory in the same database', { content: { directory: { url: URL } } }, /would share a database/],
  ])('%s', async (_mistake, written, words) => {
    expect(await refusal(written)).toMatch(words);
  });

  it('a key that stands twice, of which the last would count', async () => {
    const file = await write({});
    const models = '"Order": { "fields": { "note": "hide" } }, "Order": { "fields": {} }';
    await writeFile(
      file,
      `{"databases": {"shop": {"schema": "schema.prisma", "url": "${URL}", "models": {${models}}}}}`,
    );
    const { code, stderr } = await steward([], { STEWARD_CONFIG: file });
    expect(code).toBe(1);
    expect(stderr).toMatch(/steward\.config\.json has "Order" twice in one place, again in line 1/);
  });

  it.each([
    ['LOCALHOST.:5432/shop'],
    ['127.0.0.1/shop?schema=public'],
    ['someone@[::1]/sh%6Fp'],
    ['nowhere.invalid/shop?host=%2Fvar%2Frun%2Fpostgresql'],
    ['shop@localhost:9/?port=5432'],
  ])('a directory in the database localhost/shop, written as %s', async (address) => {
    const section = { url: 'postgresql://localhost/shop' };
    const content = { directory: { url: `postgresql://${address}` } };
    expect(
      await refusal({
        content: { ...content, databases: { shop: { schema: 'schema.prisma', ...section } } },
      }),
    ).toMatch(/would share a database/);
  });
});

const columns = async (server: Steward, model = 'Order') => {
  const answer = await server.call('find_records', { model });
  if (answer.error !== undefined) throw new Error(answer.text);
  return (answer.data as unknown as { records: { columns: string[] } }).records.columns;
};
const count = async (server: Steward) => {
  const { data } = await server.call('count_records', { model: 'Order' });
  return (data as unknown as { count: number }).count;
};
const tools = async (server: Steward) => (await server.client.listTools()).tools.map(({ name }) => name);

describe('a configuration', () => {
  let database: TestDatabase;
  let url: string;
  beforeAll(async () => {
    database = await freshDatabase();
    url =
      database.administration['DATABASE_URL'] ??
      (await steward(['database-url'], database.env)).stdout.trim();
    await database.query(TABLES);
  });
  afterAll(() => database.drop());

  async function serve<Result>(
    written: Written,
    env: Record<string, string>,
    look: (server: Steward) => Promise<Result>,
  ): Promise<Result> {
    const server = await startSteward({ database, env: { STEWARD_CONFIG: await write(written), ...env } });
    try {
      return await look(server);
    } finally {
      await server.stop();
    }
  }

  it('hides what looks secret unless it is shown by name', async () => {
    expect(await serve({ section: { url } }, {}, (server) => columns(server))).toEqual([
      'id',
      'note',
      'total',
    ]);
    const section = { url, models: { Order: { fields: { pin: 'show' } } } };
    expect(await serve({ section }, {}, (server) => columns(server))).toContain('pin');
  });

  it('and marks: the stricter holds, and one line says so', async () => {
    const section = { url, models: { Order: { fields: { note: 'show', total: 'hide' } } } };
    await serve({ schema: marked('@mcp.hide'), section }, {}, async (server) => {
      expect(await columns(server)).toEqual(['id']);
      await told(server, 'the stricter holds');
      const lines = server.log().filter(({ message }) => message.includes('the stricter holds'));
      expect(lines.map(({ message }) => message)).toEqual([
        'Order.note has the marks hide and show: the stricter holds.',
      ]);
    });
  });

  it('reads env: from the environment, then .env.test, then .env, all beside it; .env sets nothing', async () => {
    const section = { url: 'env:SHOP_URL' };
    const env = path.join(folder, '.env');
    await writeFile(env, `SHOP_URL=${url}\nRATE_LIMIT_PER_MINUTE=nonsense\n`);
    try {
      expect(await serve({ section }, {}, (server) => columns(server))).toContain('id');
      await writeFile(`${env}.test`, 'SHOP_URL=\n');
      expect(await serve({ section }, {}, (server) => columns(server))).toContain('id');
      await writeFile(`${env}.test`, 'SHOP_URL=nothing\n');
      expect(await refusal({ section })).toContain('databases.shop.url is no address');
      expect(await serve({ section }, { SHOP_URL: url }, (server) => columns(server))).toContain('id');
    } finally {
      await Promise.all([rm(env), rm(`${env}.test`, { force: true })]);
    }
  });

  it('gives the caller all scopes, or those that it names', async () => {
    const bill = '/// @mcp.expose\nmodel Bill {\n  id Int @id\n}\n';
    const schema = SCHEMA.replace('expose', 'expose @mcp.scope("sales")') + bill;
    await serve({ schema, section: { url } }, {}, async (server) => {
      expect(await columns(server)).toContain('id');
    });
    await serve(
      { schema, section: { url }, content: { caller: { scopes: ['records:read'] } } },
      {},
      async (server) => {
        expect((await server.call('find_records', { model: 'Order' })).error).toBe('VALIDATION');
      },
    );
    await serve({ schema, section: { url }, content: { caller: { scopes: [] } } }, {}, async (server) => {
      expect(await tools(server)).toEqual([]);
    });
  });

  it('leaves the directory out, unless it is wanted', async () => {
    expect(await serve({ section: { url } }, {}, tools)).not.toContain('list_users');
  });

  it('names models with their database; one that is down fails only its own', async () => {
    const shop = { schema: 'schema.prisma', url };
    const content = { databases: { shop, lost: { ...shop, url: 'postgresql://127.0.0.1:1/lost' } } };
    await serve({ content }, {}, async (server) => {
      expect(await columns(server, 'shop.Order')).toContain('id');
      expect((await server.call('find_records', { model: 'lost.Order' })).error).toBe('DATABASE_UNAVAILABLE');
      expect((await server.call('find_records', { model: 'Order' })).text).toContain(
        "Did you mean 'shop.Order'?",
      );
    });
    const three = { databases: { ...content.databases, third: shop } };
    const few = await refusal({ content: three }, { DB_CONNECTIONS_TOTAL: '2' });
    expect(few).toContain('2 connections are too few');
  });

  it('keeps the connections of all databases under one total, replicas of the directory included', async () => {
    const staff = 'postgresql://127.0.0.1:1/staff';
    const env = {
      DATABASE_URL: staff,
      DATABASE_REPLICA_URL: [1, 2, 3, 4].map((number) => `${staff}_${number}`).join(','),
      METRICS_TOKEN: 'a-token-for-prometheus',
    };
    const content = { directory: true };
    expect(await refusal({ content }, { ...env, DB_CONNECTIONS_TOTAL: '21' })).toContain(
      '21 connections are too few for the databases of the configuration, of which the staff directory may take 21.',
    );
    const STEWARD_CONFIG = await write({ content });
    const http = await HttpSteward.start({ ...env, STEWARD_CONFIG, DB_CONNECTIONS_TOTAL: '23' });
    const headers = { authorization: 'Bearer a-token-for-prometheus' };
    const { text } = await http.send({ method: 'GET', path: '/metrics', headers });
    await http.stop();
    const samples = parseExposition(text).get('steward_database_connections_max')?.samples ?? [];
    expect(samples.map(({ labels, value }) => [labels['database'], value])).toEqual([
      ['directory', 4],
      ['shop', 2],
    ]);
  });

  it('reads tables of the PostgreSQL schema that the address names', async () => {
    await database.query('CREATE SCHEMA IF NOT EXISTS apart');
    await database.query('CREATE TABLE IF NOT EXISTS apart."Order" (LIKE "Order")');
    const address = new globalThis.URL(url);
    address.searchParams.set('schema', 'apart');
    expect(await serve({ section: { url: address.href } }, {}, count)).toBe(0);
    // The same where it is the address of the application, by the name that Prisma gives it.
    const env = { DATABASE_URL: address.href };
    expect(await serve({ section: { url: 'env:DATABASE_URL' } }, env, count)).toBe(0);
  });

  it('declares the scopes that a token can have', async () => {
    const schema = SCHEMA.replace('expose', 'expose @mcp.scope("sales")');
    const env = {
      STEWARD_CONFIG: await write({ schema }),
      AUTH_TOKENS_FILE: path.join(folder, 'tokens.json'),
    };
    const create = (scopes: string) => steward(['token', 'create', '--name', 'ann', '--scopes', scopes], env);
    expect((await create('directory:read')).stderr).toContain('There are the scopes sales.');
    expect((await create('sales')).code).toBe(0);
  });
});

describe('without a configuration', () => {
  it('a database of another application is refused, and is not to be migrated', async () => {
    const database = await freshDatabase();
    try {
      await database.query('DROP SCHEMA public CASCADE');
      await database.query('CREATE SCHEMA public');
      await database.query('CREATE TABLE "Invoice" (id int PRIMARY KEY)');
      await database.query('GRANT USAGE ON SCHEMA public TO PUBLIC');
      const url =
        database.administration['DATABASE_URL'] ??
        (await steward(['database-url'], database.env)).stdout.trim();
      const { code, stdout, stderr } = await run([MAIN, 'doctor'], { DATABASE_URL: url });
      const said = stdout + stderr;
      expect(code).toBe(1);
      expect(said).toMatch(/of another application.*Invoice[^]*steward init/);
      expect(said).not.toContain('db upgrade');
    } finally {
      await database.drop();
    }
  });
});

describe('without a configuration, of tables in another schema', () => {
  it('doctor leads to `steward init`, beside the directory that could be made', async () => {
    const database = await freshDatabase();
    try {
      await database.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA hr');
      await database.query('CREATE TABLE hr.people (id int PRIMARY KEY)');
      await database.query('GRANT USAGE ON SCHEMA public TO PUBLIC');
      const url =
        database.administration['DATABASE_URL'] ??
        (await steward(['database-url'], database.env)).stdout.trim();
      const { stdout } = await run([MAIN, 'doctor'], { DATABASE_URL: url });
      expect(stdout).toMatch(
        /migrations: behind.*\n.*db upgrade.*; or, to serve the records of hr: steward init$/m,
      );
      const backup = await run([MAIN, 'db', 'backup', path.join(folder, 'none.dump')], { DATABASE_URL: url });
      expect(backup.stderr).toMatch(/nothing to back up\. .*steward init/);
    } finally {
      await database.drop();
    }
  });
});

describe('its JSON Schema', () => {
  it('is published with the package, and knows what the file may say', async () => {
    const schema = JSON.parse(await readFile(path.join(ROOT, 'steward.schema.json'), 'utf8')) as {
      additionalProperties: boolean;
      properties: {
        settings: { properties: object };
        databases: { additionalProperties: { properties: object } };
      };
    };
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual([
      '$schema',
      'databases',
      'directory',
      'questions',
      'tools',
      'caller',
      'settings',
    ]);
    expect(Object.keys(schema.properties.databases.additionalProperties.properties)).toEqual(
      expect.arrayContaining(['schema', 'url', 'models', 'time_zone']),
    );
    expect(Object.keys(schema.properties.settings.properties)).toContain('RECORDS_LARGEST_ANSWER_BYTES');
  });
});
