import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { getMcpConfigForManifest, unpackExtension, type McpbManifestAny } from '@anthropic-ai/mcpb';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { TOOLS } from './directory/pinned-tools.js';
import { ROOT, run, steward as command } from './support/command.mjs';
import { onEmbedded } from './support/conditions.js';
import { freshDatabase, type TestDatabase } from './support/database.js';
import { currentLock, hostPid } from './support/embedded-host.js';
import { eventually } from './support/eventually.js';
import { told } from './support/log.js';
import { startSteward, type Steward } from './support/steward.js';

const GUEST = path.join(ROOT, 'tests', 'support', 'electron-guest.cjs');
const SCHEMA = `datasource db {
  provider = "postgresql"
}

/// @mcp.expose
model Book {
  id    Int    @id
  title String
  price Int /// @mcp.hide
}
`;

/** What a person fills in. */
type Fields = Record<string, string | boolean>;

onEmbedded('the bundle of npm run bundle, started as Claude Desktop does (not on a server)', () => {
  let folder: string;
  let bundle: string;
  let bytes: number;
  let manifest: McpbManifestAny;
  let database: TestDatabase;
  let running: Steward[] = [];
  let dataDir: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-mcpb-'));
    dataDir = path.join(folder, 'data');
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts', 'mcpb.mjs')]);
    const file = /^(.+\.mcpb): /m.exec(stdout)?.[1] ?? '';
    bytes = (await stat(path.join(ROOT, file))).size;
    bundle = path.join(folder, 'bundle');
    await unpackExtension({ mcpbPath: path.join(ROOT, file), outputDir: bundle, silent: true });
    manifest = JSON.parse(await readFile(path.join(bundle, 'manifest.json'), 'utf8')) as McpbManifestAny;
    database = await freshDatabase();
    await database.query(`CREATE TABLE "Book" (id int PRIMARY KEY, title text NOT NULL, price int NOT NULL);
      INSERT INTO "Book" VALUES (1, 'Emma', 9)`);
    await writeFile(path.join(folder, 'schema.prisma'), SCHEMA);
  }, 120_000);
  afterEach(async () => {
    await Promise.all(running.map((steward) => steward.stop()));
    running = [];
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Command and environment as the manifest has them. Blank fields stay as they stand there, which is the worst case. */
  async function prepare(fields: Fields): Promise<{ args: string[]; env: Record<string, string> }> {
    const options = Object.entries(manifest.user_config ?? {});
    const blank = options.map(([name, option]) => [name, { ...option, default: undefined }]);
    const config = await getMcpConfigForManifest({
      manifest: { ...manifest, user_config: Object.fromEntries(blank) },
      extensionPath: bundle,
      systemDirs: {},
      userConfig: fields,
      pathSeparator: path.sep,
    });
    expect(config?.command).toBe('node');
    // A busy machine may need longer to open a database than calls wait by default.
    const patience = { CALL_DEADLINE_MS: '50000' };
    const here = { PATH: '', HOME: folder, NODE_ENV: undefined, STEWARD_DATA_DIR: dataDir, ...patience };
    return {
      args: ['--require', GUEST, ...(config?.args ?? [])],
      env: { ...(here as object), ...config?.env },
    };
  }

  async function start(fields: Fields = {}): Promise<Steward> {
    const { args, env } = await prepare(fields);
    const nothing = { env: {} } as TestDatabase;
    const steward = await startSteward({ command: args, env, database: nothing });
    running.push(steward);
    return steward;
  }

  it('says in its manifest what it serves, and has a default for every field', async () => {
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    const { client } = await start();
    const [{ tools }, { prompts }] = [await client.listTools(), await client.listPrompts()];
    expect(manifest).toMatchObject({ version, tools_generated: true, prompts_generated: true });
    expect(manifest.tools?.map(({ name }) => name)).toEqual(tools.map(({ name }) => name));
    expect(manifest.prompts?.map(({ name }) => name)).toEqual(prompts.map(({ name }) => name));
    const options = Object.values(manifest.user_config ?? {});
    expect(options.map(({ default: value }) => value)).toEqual(['', '', '', false, '']);
  });

  it('has at most 15 MB, and no native module, which Claude Desktop would refuse', async () => {
    expect(bytes).toBeLessThan(15e6);
    const files = await readdir(bundle, { recursive: true });
    expect(files.filter((file) => /\.(node|dylib|so|dll)$/.test(file))).toEqual([]);
  });

  it('serves the staff directory to two copies that start at once on a new folder, and to the second after the first is killed', async () => {
    await rm(dataDir, { recursive: true, force: true });
    const copies = await Promise.all([start(), start()]);
    const totals = await Promise.all(copies.map(total));
    expect(totals[0]).toBeGreaterThan(150);
    expect(totals[1]).toBe(totals[0]);
    const pid = await hostPid(dataDir);
    const [host, other] = copies[0]?.pid === pid ? copies : copies.toReversed();
    expect(host?.pid).toBe(pid);
    const added = { username: 'before_the_kill', email: 'before@example.com', department: 'Finance' };
    expect((await other?.call('create_user', added))?.error).toBeUndefined();
    await untilLost(other as Steward, async () => process.kill(pid as number, 'SIGKILL'));
    expect(await total(other as Steward)).toBe((totals[0] as number) + 1);
    expect(await hostPid(dataDir)).toBe(other?.pid);
    expect((await stat(dataDir)).mode & 0o077).toBe(0);
  });

  it('hands the database over in order when the copy that hosts it is closed', async () => {
    const host = await start();
    await total(host);
    const other = await start();
    const before = await total(other);
    expect(await hostPid(dataDir)).toBe(host.pid);
    await untilLost(other, () => host.stop());
    expect(await total(other)).toBe(before);
    await other.stop();
    const released = JSON.parse(await readFile(await currentLock(dataDir), 'utf8')) as { released?: true };
    expect(released).toMatchObject({ released: true });
    expect(await readFile(path.join(dataDir, 'host.log'), 'utf8')).toContain('leaving: its process ends');
  });

  it('goes on when the thread of its database crashes', async () => {
    const steward = await start();
    const before = await total(steward);
    const lock = await currentLock(dataDir);
    // The host leaves at once when its lock file is another.
    const other = path.join(dataDir, 'lock.tmp-other');
    await writeFile(other, await readFile(lock, 'utf8'));
    await rename(other, lock);
    await eventually(async () => (await currentLock(dataDir)) !== lock);
    expect(await total(steward)).toBe(before);
    expect(await hostPid(dataDir)).toBe(steward.pid);
  });

  it('leaves out what changes something when read only is chosen', async () => {
    const { client } = await start({ read_only: true });
    const { tools } = await client.listTools();
    const reading = TOOLS.filter(({ effect }) => effect.readOnlyHint).map(({ name }) => name);
    expect(tools.map(({ name }) => name)).toEqual(reading);
  });

  it('serves what the marks of a schema file expose, with the name that was filled in', async () => {
    const url = (await command(['database-url'], database.env)).stdout.trim();
    const schema = path.join(folder, 'schema.prisma');
    const steward = await start({ schema_file: schema, database_url: url, caller: 'Ada Lovelace' });
    const { text } = await steward.call('find_records', { model: 'Book' });
    expect(text).toContain('Emma');
    expect(text).not.toContain('price');
    await told(steward, '"caller":"Ada Lovelace"');
  });

  it('serves what a configuration file names', async () => {
    const url = (await command(['database-url'], database.env)).stdout.trim();
    const file = path.join(folder, 'steward.config.json');
    const books = { schema: 'schema.prisma', url: 'env:DATABASE_URL' };
    await writeFile(file, JSON.stringify({ databases: { books } }));
    const steward = await start({ config: file, database_url: url });
    expect((await steward.call('count_records', { model: 'Book' })).data).toMatchObject({ count: 1 });
  });

  it.each([
    ['a schema file without a database', {}, /^The schema \S+ needs the address of its database: .*\.\n$/],
    [
      'a schema file beside a configuration file',
      { config: 'other.json' },
      /^The configuration file \S+ says what is served, and so would the schema .* Name one of them\.\n$/,
    ],
  ])('refuses %s in a sentence, and ends', async (_what, fields: Fields, sentence) => {
    await writeFile(path.join(folder, 'other.json'), '{ "directory": true }');
    // One in the working folder does not count.
    await writeFile(path.join(folder, 'steward.config.json'), '{ "directory": true }');
    const files = Object.entries(fields).map(([name, file]) => [name, path.join(folder, String(file))]);
    const given = { schema_file: path.join(folder, 'schema.prisma'), ...Object.fromEntries(files) };
    const { args, env } = await prepare(given);
    const { code, stdout, stderr } = await run(args, env, folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});

/** Ends the host of this copy's database, and waits until the copy has noticed. A call that comes then waits for the next host. */
async function untilLost(copy: Steward, end: () => Promise<unknown>): Promise<void> {
  const before = copy.stderr().length;
  await end();
  await eventually(() => copy.stderr().slice(before).includes('starting the embedded database'));
}

/** How many users there are. */
async function total(steward: Steward): Promise<number> {
  const { error, data } = await steward.call('find_users');
  expect(error).toBeUndefined();
  return data.total;
}
