import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publint } from 'publint';
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

describe('the tarball of npm run package, installed in an empty folder', () => {
  let folder: string;
  let program: string;
  let database: TestDatabase;
  const stops: (() => Promise<void>)[] = [];
  const steward = (args: string[], env: Record<string, string>) => run([program, ...args], env, folder);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-package-'));
    const { stdout } = await execute(process.execPath, [path.join(ROOT, 'scripts', 'package.mjs')]);
    await install(path.join(ROOT, stdout.split(':')[0] ?? ''), folder);
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
