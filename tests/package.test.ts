import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { fillExample } from './records/example.js';
import { startZoo } from './records/zoo/zoo.js';
import { asOwner } from './support/backups.js';
import { ROOT, run } from './support/command.mjs';
import { freshDatabase, type TestDatabase } from './support/database.js';
import { parseExposition } from './support/exposition.js';
import { HttpSteward } from './support/http.js';
import { OtlpCollector } from './support/otlp-collector.js';
import { REDIS_IS_HERE, RedisServer } from './support/redis-server.mjs';
import { startSteward } from './support/steward.js';

const execute = promisify(execFile);

/** Installs a tarball with no network, no cache of packages and no script. */
async function install(tarball: string, folder: string): Promise<void> {
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--offline', '--cache', `${folder}/cache`];
  // Without a prefix npm would take a folder above for the project, if that has packages.
  await execute('npm', ['install', ...quietly, '--prefix', folder, tarball], { cwd: folder });
}

async function filesOf(folder: string): Promise<{ file: string; bytes: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return { file, bytes: (await stat(file)).size };
      }),
  );
}

/** What the types have to refuse: an answer that is not what the output says. */
const WRONG = `
import { defineTool, EFFECTS } from 'steward-mcp';
import { z } from 'zod';
export const wrong = defineTool({
  name: 'wrong',
  description: 'Wrong.',
  effect: EFFECTS.reads,
  input: z.object({ a: z.int() }),
  output: z.object({ b: z.string() }),
  // @ts-expect-error
  handle: ({ a }) => ({ b: a }),
});
`;

describe('the tarball of npm run package, installed in an empty folder', () => {
  let folder: string;
  let tarball: string;
  let program: string;
  let database: TestDatabase;
  const stops: (() => Promise<void>)[] = [];
  const steward = (args: string[], env: Record<string, string>) => run([program, ...args], env, folder);

  /** As its README says, but for the packages beside Steward: they are those of the checkout. @returns its folder */
  async function installExample(name: string): Promise<string> {
    for (const one of [name, 'shop'])
      await cp(path.join(ROOT, 'examples', one), path.join(folder, 'examples', one), { recursive: true });
    await mkdir(path.join(folder, 'node_modules', '@types'));
    for (const one of ['pg', 'zod', '@types/node', '@types/pg'])
      await symlink(path.join(ROOT, 'node_modules', one), path.join(folder, 'node_modules', one));
    return path.join(folder, 'examples', name);
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-package-'));
    const { stdout } = await execute(process.execPath, [path.join(ROOT, 'scripts', 'package.mjs')]);
    tarball = path.join(ROOT, stdout.split(':')[0] ?? '');
    await install(tarball, folder);
    program = path.join(folder, 'node_modules', 'steward-mcp', 'dist', 'main.js');
    database = await freshDatabase();
    // npm takes its time on a busy machine.
  }, 240_000);
  afterAll(async () => {
    for (const stop of stops) await stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is one package of at most 35 MB, without a script to install it', async () => {
    const files = await filesOf(path.join(folder, 'node_modules'));
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    process.stderr.write(`The installed package: ${(total / 1e6).toFixed(1)} MB\n`);
    expect(total).toBeLessThan(35e6);
    const { packages } = JSON.parse(
      await readFile(path.join(folder, 'node_modules', '.package-lock.json'), 'utf8'),
    ) as { packages: Record<string, { hasInstallScript?: boolean }> };
    expect(Object.keys(packages)).toEqual(['node_modules/steward-mcp']);
    expect(packages['node_modules/steward-mcp']?.hasInstallScript).toBeUndefined();
  });

  it('has a manifest that the tools of its users read as it is meant', async () => {
    const { messages } = await publint({
      pkgDir: path.join(folder, 'node_modules', 'steward-mcp'),
      pack: false,
    });
    expect(messages).toEqual([]);
  });

  it('has types that TypeScript finds where Node finds the code', async () => {
    const result = await checkPackage(createPackageFromTarballData(await readFile(tarball)));
    // As attw's profile "esm-only" has it: Steward is an ES module.
    const ignored = ['node10', 'node16-cjs'];
    const problems = result.types
      ? result.problems.filter(
          (problem) => !('resolutionKind' in problem && ignored.includes(problem.resolutionKind)),
        )
      : ['There are no types.'];
    expect(problems).toEqual([]);
  });

  it('serves the tools of examples/own-tools beside the records, compiled against its types', async () => {
    const example = await installExample('own-tools');
    await writeFile(path.join(example, 'wrong.ts'), WRONG);
    const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(await run([compiler, '-p', example], {}, folder)).toMatchObject({
      code: 0,
      stdout: '',
    });
    const shop = await fillExample('shop');
    const server = await startSteward({
      database: shop.database,
      command: [path.join(example, 'server.js')],
      env: { SHOP_URL: shop.url },
    });
    stops.push(async () => {
      await server.stop();
      await shop.database.drop();
    });
    const { tools } = await server.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'describe_models',
      'find_records',
      'get_record',
      'count_records',
      'aggregate_records',
      'quote_shipping',
      'restock_product',
    ]);
    const quote = await server.call('quote_shipping', { country: 'FR', grams: 2000 });
    expect(quote.data).toEqual({ euros: '11.00' });
    const refused = await server.call('quote_shipping', { country: 'France', grams: 2000 });
    expect(refused.text).toBe(
      'VALIDATION: country: must be at most 2 characters long. Arguments: country, grams.',
    );
    const restocked = await server.call('restock_product', { sku: 'TEA-001', pieces: 12 });
    // The handler's row has more columns, one of them hidden.
    expect(restocked.data).toEqual({ sku: 'TEA-001', name: 'Assam, small', stock: 47 });
    const found = await server.call('get_record', { model: 'Product', key: 'TEA-001', fields: 'stock' });
    expect(found.text).toContain('stock\t47');
    const unknown = await server.call('restock_product', { sku: 'TEA-999', pieces: 1 });
    expect(unknown.text).toBe('NOT_FOUND: No product with the sku TEA-999 is on sale. Nothing was changed.');
  });

  it("runs Prisma's command line on the staff directory, where that is installed", async () => {
    const status = ['prisma', 'migrate', 'status'];
    expect(await steward(status, database.administration)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        "Prisma's command line is not installed here: npm install prisma@7. To migrate, steward db upgrade needs none.\n",
    });
    await symlink(path.join(ROOT, 'node_modules', 'prisma'), path.join(folder, 'node_modules', 'prisma'));
    expect(await steward(status, database.administration)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Database schema is up to date!'),
    });
  });

  // npm would refuse to install it in a project that has another zod or Prisma for itself, though it may need neither.
  it('may be in a project with any zod and any Prisma, and says which it needs when it needs one', async () => {
    const manifest = path.join(folder, 'node_modules', 'steward-mcp', 'package.json');
    expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({
      peerDependencies: { prisma: '*', zod: '*' },
      peerDependenciesMeta: { prisma: { optional: true }, zod: { optional: true } },
    });
    const project = path.join(folder, 'project');
    const former = { name: 'prisma', version: '6.1.0', bin: { prisma: 'none.js' } };
    await mkdir(path.join(project, 'node_modules', 'prisma'), { recursive: true });
    await writeFile(path.join(project, 'node_modules', 'prisma', 'package.json'), JSON.stringify(former));
    const { stderr } = await run([program, 'prisma', 'studio'], {}, project);
    expect(stderr).toBe(
      'The Prisma that is installed here is 6.1.0, and the staff directory needs 7. In a folder of its own: npm install steward-mcp prisma@7\n',
    );
  });

  it('brings the licence of each package that it is made of', async () => {
    const text = await readFile(
      path.join(folder, 'node_modules', 'steward-mcp', 'dist', 'THIRD-PARTY-LICENSES.txt'),
      'utf8',
    );
    const sections = text
      .split(/^== /m)
      .slice(1)
      .map((section) => section.split(/\n+(.*)/s, 2));
    const { dependencies } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const stated = sections.map(([heading]) => heading?.replace(/ \(.*/, ''));
    const named = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
    expect(stated).toEqual(expect.arrayContaining(named));
    expect(sections.filter(([, licence]) => !licence?.trim())).toEqual([]);
    expect(text).toContain('PostgreSQL Global Development Group');
  });

  it('names no folder of the machine that it was made on', async () => {
    const files = await filesOf(path.join(folder, 'node_modules', 'steward-mcp'));
    const naming = await Promise.all(
      files.map(async ({ file }) => ((await readFile(file)).includes(ROOT.slice(0, -1)) ? [file] : [])),
    );
    expect(naming.flat()).toEqual([]);
  });

  it('has a program called steward, which says its version', async () => {
    const bin = path.join(folder, 'node_modules', '.bin', 'steward');
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await execute(bin, ['--version'])).toMatchObject({ stdout: `${version}\n` });
  });

  it('plays the demo, on an embedded database that is new', async () => {
    const { code, stdout, stderr } = await steward(['demo'], {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Every step did what it says.');
  });

  it('serves the staff directory', async () => {
    const server = await startSteward({ database, command: [program] });
    const { error, data } = await server.call('list_departments');
    await server.stop();
    expect(error).toBeUndefined();
    expect(data.departments.rows.length).toBeGreaterThan(0);
  });

  it('serves the records of a Prisma schema, over stdio and as its image does', async () => {
    const zoo = await startZoo({ command: [program] });
    const found = await zoo.find('Animal', "name = 'Ada'");
    const server = await HttpSteward.start({ ...zoo.database.env, ...zoo.env }, [program, 'http']);
    stops.push(async () => void (await server.stop()));
    const { json } = await server.call('count_records', { model: 'Animal', filter: "name = 'Ada'" });
    await zoo.stop();
    expect(found).toEqual([1]);
    expect(json?.result).toMatchObject({ structuredContent: { count: 1 } });
  });

  it("writes the database's Prisma schema, and keeps what was written into it", async () => {
    const file = path.join(folder, 'schema.prisma');
    const pull = () => steward(['db', 'pull', file], database.administration);
    expect(await pull()).toMatchObject({ code: 0 });
    const pulled = await readFile(file, 'utf8');
    expect(pulled).toContain('model users {');
    const marked = pulled.replace('model users {', '/// @mcp.expose\nmodel users {');
    await writeFile(file, marked);
    expect(await pull()).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toBe(marked);
  });

  it('makes a configuration that editors complete, and calls itself as npx does', async () => {
    const schema = path.join(folder, 'own.prisma');
    await writeFile(schema, 'model Order {\n  id Int @id\n}\n');
    const { stdout } = await steward(['init', '--all', '--schema', schema], {});
    expect(stdout).toContain('\nThen check again: npx steward-mcp doctor\n');
    const file = path.join(folder, 'steward.config.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      $schema: './node_modules/steward-mcp/steward.schema.json',
    });
    expect((await steward(['init', '--all'], {})).stderr).toContain(': npx steward-mcp init --update.');
    await rm(file);
  });

  it('checks the database, backs it up and restores it, and makes tokens', async () => {
    expect(await steward(['doctor'], database.env)).toMatchObject({ code: 0 });
    const file = path.join(folder, 'staff.backup');
    expect(await steward(['db', 'backup', file], asOwner(database))).toMatchObject({ code: 0 });
    expect(await steward(['db', 'restore', '--replace', file], asOwner(database))).toMatchObject({ code: 0 });
    const env = { AUTH_TOKENS_FILE: path.join(folder, 'tokens.json') };
    const { stdout } = await steward(['token', 'create', '--name', 'a', '--scopes', 'directory:read'], env);
    expect(stdout).toMatch(/^stw_/);
  });

  it('serves HTTP with traces, metrics and Redis (where that is installed)', async () => {
    const collector = await OtlpCollector.start();
    const redis = REDIS_IS_HERE ? await RedisServer.create() : undefined;
    stops.push(
      () => collector.stop(),
      async () => redis?.stop(),
    );
    const server = await HttpSteward.start(
      {
        ...database.env,
        METRICS_TOKEN: 'a-token-of-the-metrics',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        ...(redis && { REDIS_URL: redis.url }),
      },
      [program, 'http'],
    );
    const answer = await server.call('list_departments');
    expect(answer.json?.result).toMatchObject({ structuredContent: { total: expect.any(Number) } });
    const headers = { authorization: 'Bearer a-token-of-the-metrics' };
    const { text } = await server.send({ method: 'GET', path: '/metrics', headers });
    expect(parseExposition(text).has('steward_calls_total')).toBe(true);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    // The last spans are sent before the process ends.
    await collector.until(({ name }) => name === 'prisma:client:db_query');
    expect(server.log().filter(({ level }) => level !== 'info')).toEqual([]);
  });
});
