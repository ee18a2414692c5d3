import { existsSync, writeFileSync } from 'node:fs';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fillExample } from '../records/example.js';
import { MAIN, ROOT, run } from '../support/command.mjs';
import { startSteward } from '../support/steward.js';
import { atTerminal as runAtTerminal, CTRL_C, type Typed } from '../support/terminal.js';

const SHOP = path.join(ROOT, 'examples', 'shop', 'schema.prisma');

interface Written {
  databases: Record<string, { schema: string; url: string; models: Record<string, Record<string, unknown>> }>;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-init-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (file: string) => path.join(folder, file);
const init = (args: string[] = [], env: Record<string, string> = {}) =>
  run([MAIN, 'init', ...args], env, folder);
const written = async () => JSON.parse(await readFile(at('steward.config.json'), 'utf8')) as Written;

async function put(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(at(file)), { recursive: true });
  await writeFile(at(file), content);
}

async function putShop(file = 'prisma/schema.prisma'): Promise<void> {
  await mkdir(path.dirname(at(file)), { recursive: true });
  await cp(SHOP, at(file));
}

const atTerminal = (args: string[], ...typed: Typed[]) => runAtTerminal(folder, args, typed);

describe('steward init finds the schema', () => {
  const MODEL = 'model Order {\n  id Int @id\n}\n';
  const DATASOURCE = 'datasource db {\n  provider = "postgresql"\n}\n';

  it.each<[string, Record<string, string>, string]>([
    ['at the usual place', { 'prisma/schema.prisma': MODEL }, 'prisma/schema.prisma'],
    ['beside package.json', { 'schema.prisma': MODEL }, 'schema.prisma'],
    ['in a folder of several files', { 'prisma/a.prisma': DATASOURCE, 'prisma/b.prisma': MODEL }, 'prisma'],
    [
      'where prisma.config.ts says',
      {
        'prisma.config.ts': "export default defineConfig({\n  schema: './data/own.prisma',\n});\n",
        'data/own.prisma': MODEL,
        'prisma/schema.prisma': 'model Other {\n  id Int @id\n}\n',
      },
      'data/own.prisma',
    ],
    [
      'where prisma.config.ts says beside other texts',
      {
        'prisma.config.ts':
          "export default {\n  schema: 'data/own.prisma', migrations: { path: 'data/migrations' }, // \"other.prisma\"\n};\n",
        'data/own.prisma': MODEL,
      },
      'data/own.prisma',
    ],
    [
      'where prisma.config.ts says in parts',
      {
        'prisma.config.ts': "export default {\n  schema: path.join(__dirname, 'data', 'models'),\n};\n",
        'data/models/a.prisma': MODEL,
      },
      'data/models',
    ],
    [
      'where prisma.config.ts says in one line, from where it stands',
      {
        '.config/prisma.ts':
          'export default defineConfig({ schema: path.join(process.cwd(), "..", "data"), migrations: { path: "m" } });\n',
        'data/a.prisma': DATASOURCE,
        'data/b/c.prisma': MODEL,
        'prisma/schema.prisma': 'model Other {\n  id Int @id\n}\n',
      },
      'data',
    ],
    [
      'where prisma.config.ts says, and not where it said once',
      {
        'prisma.config.ts':
          "export default {\n  // schema: 'old.prisma',\n  /*\n  schema: 'older.prisma',\n  */\n  schema: 'data/own.prisma',\n};\n",
        'data/own.prisma': MODEL,
      },
      'data/own.prisma',
    ],
    [
      'in a folder of which schema.prisma is the file without models',
      { 'prisma/schema.prisma': DATASOURCE, 'prisma/models/a.prisma': MODEL },
      'prisma',
    ],
    ['in a folder of folders', { 'prisma/models/a.prisma': MODEL }, 'prisma'],
    [
      'where package.json says',
      { 'package.json': '{ "prisma": { "schema": "data/own.prisma" } }', 'data/own.prisma': MODEL },
      'data/own.prisma',
    ],
    [
      'in a package of a monorepo',
      { 'packages/data/prisma/schema.prisma': MODEL, 'node_modules/x/schema.prisma': MODEL },
      'packages/data/prisma/schema.prisma',
    ],
    [
      'in several files of a package of a monorepo',
      { 'packages/data/prisma/schema/a.prisma': MODEL, 'apps/web/package.json': '{}' },
      'packages/data/prisma/schema',
    ],
  ])('%s', async (_, files, expected) => {
    for (const [file, content] of Object.entries(files)) await put(file, content);
    await init(['--all']);
    const { databases } = await written();
    expect(databases['main']).toEqual({
      schema: expected,
      url: 'env:DATABASE_URL',
      models: { Order: { expose: true, reviewed: 'id' } },
    });
  });

  it.each([
    ['schema.prisma', 'datasource db {\n  provider = "postgresql"\n  url = env("SHOP_URL")\n}\n'],
    ['prisma.config.ts', 'export default {\n  datasource: {\n    url: process.env.SHOP_URL,\n  },\n};\n'],
    [
      'prisma.config.ts',
      "export default {\n  // url: env('OLD'),\n  datasource: { url: env<Env>('SHOP_URL') } };\n",
    ],
    ['prisma.config.mjs', "export default {\n  datasource: {\n    url: env('SHOP_URL'),\n  },\n};\n"],
  ])('and the variable of its address, in %s', async (file, content) => {
    await put('schema.prisma', MODEL);
    await put(file, content + (file === 'schema.prisma' ? MODEL : ''));
    await init(['--all']);
    expect(Object.values((await written()).databases)).toMatchObject([{ url: 'env:SHOP_URL' }]);
  });

  it('unless there are several, or none where it is said to be', async () => {
    await put('apps/a/schema.prisma', MODEL);
    await put('apps/b/schema.prisma', MODEL);
    const several = await init(['--all']);
    expect(several.stderr).toBe(
      'There are several Prisma schemas. Name one with --schema:\n  apps/a/schema.prisma\n  apps/b/schema.prisma\n',
    );
    const missing = await init(['--all', '--schema', 'apps/c.prisma']);
    expect(missing.stderr).toBe(
      `There is no Prisma schema at ${at('apps/c.prisma')}. Name it with --schema.\n`,
    );
    expect([several.code, missing.code]).toEqual([1, 1]);
    await init(['--all', '--schema', 'apps/b/schema.prisma']);
    expect(Object.values((await written()).databases)).toMatchObject([{ schema: 'apps/b/schema.prisma' }]);
  });

  it('and refuses one of another database', async () => {
    await put('schema.prisma', 'datasource db {\n  provider = "mysql"\n}\nmodel A {\n  id Int @id\n}\n');
    const { code, stderr } = await init(['--all']);
    expect(stderr).toBe('schema.prisma: this schema is for mysql. Steward serves PostgreSQL.\n');
    expect(code).toBe(1);
    expect(existsSync(at('steward.config.json'))).toBe(false);
  });
});

describe('steward init', () => {
  it('writes what is served at once, checks it, and prints the entry of a client', async () => {
    const { database, url } = await fillExample('shop');
    try {
      await putShop();
      await put('package.json', '{ "name": "@acme/web-shop" }');
      await put('.env', `DATABASE_URL=${url}\n`);
      const { code, stdout, stderr } = await init(['--expose', 'Order, Customer']);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^Hidden: Customer\.passwordHash, since its name looks secret$/m);
      expect(stdout).toMatch(/^ {2}ok {3}schema: 2 models with \d+ fields are in the database$/m);
      expect(stdout).toContain(`claude mcp add steward -e STEWARD_CONFIG=${at('steward.config.json')} -- `);
      expect(stdout).toContain(`"STEWARD_CONFIG": "${at('steward.config.json')}"`);
      expect(code).toBe(0);
      expect((await written()).databases['web-shop']?.models).toMatchObject({
        Customer: { expose: true, fields: { passwordHash: 'hide' } },
        Item: { expose: false },
      });

      const steward = await startSteward({
        database,
        env: { STEWARD_CONFIG: at('steward.config.json') },
      });
      const { text: answer } = await steward.call('describe_models');
      await steward.stop();
      expect(answer).toMatch(/Customer[^]*Order/);
      expect(answer).not.toMatch(/Item/);
    } finally {
      await database.drop();
    }
  });

  it('writes nothing for a model that is not there, or without a choice', async () => {
    await putShop();
    const mistyped = await init(['--expose', 'Order,Custmer']);
    expect(mistyped.stderr).toMatch(/^The schema has no model 'Custmer'\..*Customer/);
    await writeFile(
      at('prisma/schema.prisma'),
      'model Order {\n  id Int @id\n}\nmodel Item {\n  id Int @id\n}\n',
    );
    const unsaid = await init();
    expect(unsaid.stderr).toBe(
      'Say what a language model may read: --expose A,B or --all. There are Order, Item.\n',
    );
    expect([mistyped.code, unsaid.code]).toEqual([1, 1]);
    expect(existsSync(at('steward.config.json'))).toBe(false);
  });

  it('says where the address is to be set, and leaves what it wrote', async () => {
    await putShop();
    const { code, stdout } = await init(['--all']);
    expect(stdout).toMatch(/databases\.main\.url refers to DATABASE_URL, which is not set\. Set it/);
    expect(code).toBe(1);
    expect((await written()).databases['main']).toBeDefined();
  });

  it('takes one answer to what may be read', async () => {
    await putShop();
    const both = await init(['--all', '--expose', 'Order']);
    expect(both.stderr).toMatch(/option '--all' cannot be used with option '--expose/);
    const none = await init(['--expose', ' , ']);
    expect(none.stderr).toBe('--expose names no model, such as --expose Order,Customer.\n');
    expect([both.code, none.code]).toEqual([1, 1]);
    expect(existsSync(at('steward.config.json'))).toBe(false);
    await init(['--expose', 'Order, Customer,']);
    const { models } = Object.values((await written()).databases)[0] ?? {};
    expect(Object.keys(models ?? {}).filter((name) => models?.[name]?.['expose'])).toEqual([
      'Customer',
      'Order',
    ]);
  });

  it('makes nothing of a schema without a model', async () => {
    await put('prisma/schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\n');
    const { code, stderr } = await init(['--all']);
    expect(stderr).toMatch(/^There is no model in it, .*--schema/);
    expect(code).toBe(1);
    expect(existsSync(at('steward.config.json'))).toBe(false);
  });

  it('says where an address belongs that a client would not find', async () => {
    await putShop();
    const DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/shop';
    const said = `DATABASE_URL is set in this shell, and a client starts Steward without it. Put it into ${at('.env')}`;
    expect((await init(['--all'], { DATABASE_URL })).stdout).toContain(said);
    await put('.env', `DATABASE_URL=${DATABASE_URL}\n`);
    expect((await init(['--all', '--yes'], { DATABASE_URL })).stdout).not.toContain(said);
  });

  it('says of a file that cannot be written why, and leaves nothing else', async () => {
    await putShop();
    const STEWARD_CONFIG = at('missing/steward.config.json');
    const missing = await init(['--all'], { STEWARD_CONFIG });
    expect(missing.stderr).toBe(
      `${STEWARD_CONFIG} cannot be written: ENOENT: no such file or directory, open '${STEWARD_CONFIG}'\n`,
    );
    await mkdir(at('steward.config.json'));
    const folderOfThatName = await init(['--all', '--yes']);
    expect(folderOfThatName.stderr).toMatch(/steward\.config\.json cannot be read: EISDIR/);
    expect([missing.code, folderOfThatName.code]).toEqual([1, 1]);
    expect((await readdir(folder)).toSorted()).toEqual(['prisma', 'steward.config.json']);
  });

  it('keeps the rights of a file that it replaces, and the link to it', async () => {
    await putShop();
    await put('own/steward.json', '{}');
    await chmod(at('own/steward.json'), 0o600);
    await symlink('own/steward.json', at('steward.config.json'));
    await init(['--all', '--yes']);
    expect((await written()).databases['main']).toBeDefined();
    expect((await lstat(at('steward.config.json'))).isSymbolicLink()).toBe(true);
    expect((await stat(at('own/steward.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(at('own'))).toEqual(['steward.json']);
  });

  it('is told from another that runs at the same moment: one of them writes', async () => {
    await putShop();
    const both = await Promise.all([init(['--all']), init(['--expose', 'Order'])]);
    expect(both.filter(({ stdout }) => stdout.includes('Wrote '))).toHaveLength(1);
    expect(both.filter(({ stderr }) => /is there already|was written by another/.test(stderr))).toHaveLength(
      1,
    );
  });

  it.each([
    'mysql://root:secret@127.0.0.1/shop',
    'file:./dev.db',
    'prisma+postgres://localhost/?api_key=secret',
  ])('makes no schema of %s', async (DATABASE_URL) => {
    const { code, stdout, stderr } = await init(['--all'], { DATABASE_URL });
    expect(stderr).toBe(
      'There is no Prisma schema here, and none can be made of DATABASE_URL, since it must start with postgresql://. Steward serves PostgreSQL.\n',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('says of a database that is down that it is, and writes nothing', async () => {
    const DATABASE_URL = 'postgresql://nobody:secret@127.0.0.1:1/shop';
    const { code, stderr } = await init(['--all'], { DATABASE_URL });
    expect(stderr).toMatch(/^The schema was not pulled: Can't reach database server at `127\.0\.0\.1:1`/);
    expect(stderr).not.toContain('secret');
    expect(code).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('replaces no file unless told to', async () => {
    await putShop();
    await put('steward.config.json', '{}');
    const { code, stderr } = await init(['--all']);
    expect(stderr).toMatch(/steward\.config\.json is there already\. .*--update.*--yes/);
    expect(code).toBe(1);
    expect(await written()).toEqual({});
    await init(['--all', '--yes']);
    expect((await written()).databases['main']).toBeDefined();
  });

  it('makes a schema of the database where there is none, and marks in it stay', async () => {
    const { database, url } = await fillExample('shop');
    try {
      const DATABASE_URL = url;
      expect((await init(['--all'])).stderr).toMatch(/^There is no Prisma schema here\. .*DATABASE_URL/);
      const { code } = await init(['--expose', 'orders'], { DATABASE_URL });
      expect(code).toBe(0);
      const schema = at('prisma/schema.prisma');
      const pulled = await readFile(schema, 'utf8');
      await writeFile(schema, pulled.replace('model orders {', '/// @mcp.scope("sales")\nmodel orders {'));
      await database.query('ALTER TABLE orders ADD COLUMN gift boolean');
      await run([MAIN, 'db', 'pull', schema], { DATABASE_URL }, folder);
      expect(await readFile(schema, 'utf8')).toMatch(
        /\/\/\/ @mcp\.scope\("sales"\)\nmodel orders \{[^}]*gift/,
      );
      const { stdout } = await run([MAIN, 'doctor'], {
        DATABASE_URL,
        STEWARD_CONFIG: at('steward.config.json'),
      });
      expect(stdout).toMatch(/warn {2}exposure: visible, and new since the last review: orders\.gift/);
    } finally {
      await database.drop();
    }
  });
});

async function fillShop(sql: string) {
  const { database, url } = await fillExample('shop');
  await database.query(sql);
  return { database, DATABASE_URL: url };
}

describe('steward init, of a database with tables in several schemas,', () => {
  const OTHERS = 'CREATE SCHEMA hr; CREATE TABLE hr.people (id int PRIMARY KEY); CREATE SCHEMA unused;';

  it('says which were left out, and how to have them', async () => {
    const { database, DATABASE_URL } = await fillShop(OTHERS);
    try {
      const { code, stderr } = await init(['--expose', 'orders'], { DATABASE_URL });
      expect(stderr).toMatch(
        /Only the schema public was read\. There are tables in hr, too: .*schemas = \["public", "hr"\].*: steward db pull prisma\/schema\.prisma\n/,
      );
      expect(code).toBe(0);
      const file = at('prisma/schema.prisma');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(/(provider .*\n)/, '$1  schemas = ["public", "hr"]\n'));
      const again = await run([MAIN, 'db', 'pull', file], { DATABASE_URL }, folder);
      expect(again.stderr).not.toContain('Only the schema');
      expect(await readFile(file, 'utf8')).toMatch(/model people \{[^}]*@@schema\("hr"\)/);
    } finally {
      await database.drop();
    }
  });

  it('names them where the one of the address is empty', async () => {
    const { database, DATABASE_URL } = await fillShop(
      `${OTHERS} DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC`,
    );
    try {
      const { code, stderr } = await init(['--all'], { DATABASE_URL });
      expect(stderr).toBe(
        'The schema was not pulled: there is no table in the schema public of this database. There are tables in hr. Name the schema in the address: ?schema=hr\n',
      );
      expect(code).toBe(1);
      expect(await readdir(folder)).toEqual([]);
      const apart = { DATABASE_URL: `${DATABASE_URL}${DATABASE_URL.includes('?') ? '&' : '?'}schema=hr` };
      expect((await init(['--all'], apart)).code).toBe(0);
      expect((await written()).databases['main']?.models).toHaveProperty('people');
    } finally {
      await database.drop();
    }
  });
});

it('steward db pull leaves a schema of Prisma 6 to its own Prisma', async () => {
  const text = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n';
  await put('schema.prisma', text);
  const DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/shop';
  const { code, stderr } = await run([MAIN, 'db', 'pull', 'schema.prisma'], { DATABASE_URL }, folder);
  expect(stderr).toMatch(/as schemas did until Prisma 6, .*: npx prisma db pull\n$/);
  expect(code).toBe(1);
  expect(await readFile(at('schema.prisma'), 'utf8')).toBe(text);
});

async function changeSchema(): Promise<void> {
  const schema = await readFile(SHOP, 'utf8');
  const name = '  name         String\n';
  const changed = schema.replace(name, `${name}  iban         String?\n  nick         String?\n`);
  await put('prisma/schema.prisma', changed.replaceAll('Payment', 'Settlement'));
}

describe('steward init --update', () => {
  beforeEach(async () => {
    await putShop();
    await init(['--expose', 'Customer,Order,Payment']);
  });

  it('shows what changed, and writes nothing by itself', async () => {
    expect((await init(['--update'])).stdout).toBe(
      'Nothing changed in the schema since the last decision.\n',
    );
    await changeSchema();
    const before = await written();
    const { code, stdout } = await init(['--update']);
    expect(stdout.split('\n')).toEqual([
      '+ Settlement: a new model',
      '- Payment: the model is gone, and with it: cardNumber hide',
      '+ Customer.iban (better hidden: it tells who a person is)',
      '+ Customer.nick',
      'Nothing was written. To write these decisions: --yes, which exposes no new model; --expose A,B or --all does.',
      '',
    ]);
    expect(code).toBe(0);
    expect(await written()).toEqual(before);
  });

  it('leaves exposed what the schema itself exposes, and writes nothing for a name that is not there', async () => {
    const schema = await readFile(at('prisma/schema.prisma'), 'utf8');
    await put('prisma/schema.prisma', `${schema}\n/// @mcp.expose\nmodel Gift {\n  id Int @id\n}\n`);
    const before = await written();
    const mistyped = await init(['--update', '--expose', 'Gifts']);
    expect(mistyped.stderr).toMatch(/The schema has no model 'Gifts'\..*Gift/);
    expect(await written()).toEqual(before);
    await init(['--update', '--yes']);
    expect((await written()).databases['main']?.models['Gift']).toEqual({ expose: true, reviewed: 'id' });
  });

  it('tells what a field that is gone had, since under another name it has it no more', async () => {
    const schema = await readFile(at('prisma/schema.prisma'), 'utf8');
    await put('prisma/schema.prisma', schema.replace(/\bpasswordHash\b/, 'digest'));
    expect((await init(['--update'])).stdout).toMatch(
      /^\+ Customer\.digest.*\n- Customer\.passwordHash \(it had hide\)$/m,
    );
  });

  it('exposes a model that was not, where it is named', async () => {
    const { stdout } = await init(['--update', '--expose', 'Item']);
    expect(stdout).toMatch(/^\+ Item: to be exposed\nWrote /);
    const { models } = Object.values((await written()).databases)[0] ?? {};
    expect(models?.['Item']).toMatchObject({ expose: true, reviewed: expect.stringContaining('sku') });
    expect(models?.['Product']).toEqual({ expose: false });
    expect((await init(['--update', '--expose', 'Item'])).stdout).toMatch(/^Nothing changed/);
  });

  it('names the database of each model, where there are several', async () => {
    const { databases } = await written();
    const section = databases['main'];
    const models = { ...section?.models };
    delete models['Item'];
    await put(
      'steward.config.json',
      JSON.stringify({ databases: { main: section, second: { ...section, models } } }),
    );
    const { stdout } = await init(['--update', '--expose', 'second.Item']);
    expect(stdout).toMatch(/^\+ second\.Item: a new model\nWrote /);
    const after = (await written()).databases;
    expect([after['main'], after['second']].map((one) => one?.models['Item']?.['expose'])).toEqual([
      false,
      true,
    ]);
    expect((await init(['--update', '--expose', 'Item'])).stderr).toMatch(
      /^The schema has no model 'Item'\./,
    );
  });

  it.each([
    ['[]', /names no database\. To make one that does: steward init\n$/],
    ['{ "questions": {} }', /names no database\. To make one that does: steward init\n$/],
    ['{ "databases": { "main": {} } }', /cannot be used\. What is wrong: steward doctor\n$/],
  ])('of %s says what is wrong with it', async (content, message) => {
    await put('steward.config.json', content);
    const { code, stderr } = await init(['--update']);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
    await rm(at('steward.config.json'));
    expect((await init(['--update'])).stderr).toMatch(
      /^There is no .*steward\.config\.json\. .*steward init\n$/,
    );
  });

  it('exposes no new model unless it is named, and keeps all other decisions', async () => {
    await changeSchema();
    const before = await written();
    const settings = { ...before, settings: { LOG_LEVEL: 'warn' } };
    await put('steward.config.json', JSON.stringify(settings));
    await init(['--update', '--yes']);
    const { databases, ...others } = await written();
    expect(others).toEqual({ settings: { LOG_LEVEL: 'warn' } });
    expect(databases['main']?.models).toMatchObject({
      Customer: { expose: true, fields: { passwordHash: 'hide', iban: 'hide' } },
      Order: before.databases['main']?.models['Order'],
      Settlement: { expose: false },
    });
    expect(databases['main']?.models).not.toHaveProperty('Payment');
    expect((await init(['--update'])).stdout).toMatch(/^Nothing changed/);
  });
});

(process.platform === 'linux' ? describe : describe.skip)('at a terminal (on Linux)', () => {
  it('steward init asks what to expose and what to hide, beginning with the marks of the schema', async () => {
    await putShop();
    // Customer is marked, and taken out; so there is nothing to hide.
    const models = /Which models may a language model read\?/;
    await atTerminal(['init'], [models, ' '], [/Payment/, '\r']);
    const { databases } = await written();
    const exposed = Object.entries(databases['main']?.models ?? {}).filter(
      ([, { expose }]) => expose === true,
    );
    expect(exposed.map(([name]) => name)).toEqual(['Product', 'Order', 'Item']);

    await rm(at('steward.config.json'));
    const secrets = /Which of these stay hidden\?/;
    await atTerminal(['init'], [models, '\r'], [secrets, ' '], [secrets, '\r']);
    expect((await written()).databases['main']?.models['Customer']).toMatchObject({
      fields: { passwordHash: 'show' },
    });
  });

  it('steward init asks before it replaces a file, and Ctrl-C leaves all as it was', async () => {
    await putShop();
    await put('steward.config.json', '{}');
    const { code, screen } = await atTerminal(['init'], [/Write a new one in its place\?/, CTRL_C]);
    expect(screen).toMatch(/No configuration was written\./);
    expect(code).toBe(1);
    expect(await written()).toEqual({});
  });

  it('steward init writes over no file that came while it asked', async () => {
    await putShop();
    const models = /Which models may a language model read\?/;
    const secrets = /Which of these stay hidden\?/;
    const meanwhile = () => writeFileSync(at('steward.config.json'), '{ "tools": "all" }');
    const first = await atTerminal(['init'], [models, '\r'], [secrets, '\r', meanwhile]);
    expect(first.screen).toMatch(/was written by another program meanwhile\. It was left as it is\./);
    expect(first.code).toBe(1);
    expect(await written()).toEqual({ tools: 'all' });

    await rm(at('steward.config.json'));
    await init(['--expose', 'Order']);
    await changeSchema();
    const which = /Which of the new models/;
    const write = /Write this to/;
    const second = await atTerminal(['init', '--update'], [which, '\r'], [write, '\r', meanwhile]);
    expect(second.screen).toMatch(/was written by another program meanwhile/);
    expect(await written()).toEqual({ tools: 'all' });
    expect(await readdir(folder)).toEqual(['prisma', 'steward.config.json']);
  });

  it('steward init --update asks which new models to expose, and what of them to hide', async () => {
    await putShop();
    await init(['--expose', 'Order']);
    await changeSchema();
    const which = /Which of the new models/;
    const secrets = /Which of these stay hidden\?/;
    const left = await atTerminal(['init', '--update'], [which, ' \r'], [secrets, CTRL_C]);
    expect(left.screen).toMatch(/No configuration was written\./);
    expect((await written()).databases['main']?.models).toHaveProperty('Payment');
    await atTerminal(['init', '--update'], [which, ' \r'], [secrets, '\r'], [/Write this to/, '\r']);
    const { models } = Object.values((await written()).databases)[0] ?? {};
    expect(models).toMatchObject({ Settlement: { expose: true, fields: { cardNumber: 'hide' } } });
    expect(models).not.toHaveProperty('Payment');
  });

  it('steward alone says what it is and what to do next', async () => {
    const { code, screen } = await atTerminal([]);
    expect(screen).toMatch(/An MCP client starts it/);
    expect(screen).toMatch(/steward init/);
    expect(code).toBe(0);
    await put('steward.config.json', '{}');
    expect((await atTerminal([])).screen).toContain(`STEWARD_CONFIG=${at('steward.config.json')}`);
  });
});
