import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { steward } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { logged } from '../support/log.js';
import { startSteward, type Steward } from '../support/steward.js';

const newSecret = () => randomBytes(32).toString('base64url');

let database: TestDatabase;
let folder: string;
let running: Steward[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-secret-'));
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string>): Promise<Steward> {
  const one = await startSteward({ database, env });
  running.push(one);
  return one;
}

const cursorOf = async (by: Steward) => (await by.call('find_users', { limit: 1 })).data.next_cursor;
const nextPage = async (by: Steward, cursor: string | null) =>
  (await by.call('find_users', { limit: 1, cursor })).error;

describe('STEWARD_SECRET', () => {
  it('seals cursors; of a list the first seals, and all of them open, but no other', async () => {
    const [before, after] = [newSecret(), newSecret()];
    const [old, both, fresh] = [
      await start({ STEWARD_SECRET: before }),
      await start({ STEWARD_SECRET: `${after}, ${before}` }),
      await start({ STEWARD_SECRET: after }),
    ];
    expect(await nextPage(both, await cursorOf(old))).toBeUndefined();
    expect(await nextPage(fresh, await cursorOf(both))).toBeUndefined();
    expect(await nextPage(old, await cursorOf(both))).toBe('VALIDATION');
  });

  it.each(['short', 'x'.repeat(43), `${newSecret()},`, `${newSecret()}=`])(
    'must be 32 bytes in base64url, and %j is not',
    async (secret) => {
      const { code, stderr } = await steward([], { STEWARD_SECRET: secret });
      expect(code).toBe(1);
      expect(stderr).toContain('STEWARD_SECRET must be 32 random bytes in base64url');
      expect(stderr).not.toContain(secret);
    },
  );

  it.each([
    ['PUBLIC_URL', 'http://127.0.0.1:3000/mcp'],
    ['REDIS_URL', 'redis://127.0.0.1:6379'],
  ])('is needed by steward http with %s, since its processes must share it', async (variable, value) => {
    const { code, stderr } = await steward(['http'], { STEWARD_SECRET: '', [variable]: value });
    expect(code).toBe(1);
    expect(stderr).toContain(`STEWARD_SECRET must be set where ${variable} is`);
  });
});

/** On a server the data folder holds the secret alone; the embedded database has its own folder already. */
const dataDir = () => database.env['STEWARD_DATA_DIR'] ?? path.join(folder, 'made', 'by', 'steward');

const unset = () => ({ STEWARD_SECRET: '', STEWARD_DATA_DIR: dataDir() });

describe('without STEWARD_SECRET', () => {
  it('one is made at the first start, for this user alone, and kept', async () => {
    const [first, second] = await Promise.all([start(unset()), start(unset())]);
    const file = path.join(dataDir(), 'steward-secret');
    expect((await readFile(file, 'utf8')).trim()).toMatch(/^[\w-]{43}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const cursor = await cursorOf(first);
    expect(await nextPage(second, cursor)).toBeUndefined();
    expect(await nextPage(await start(unset()), cursor)).toBeUndefined();
  });

  it('where none can be kept, the start says so and uses one for this process; a file that holds something else stays', async () => {
    await mkdir(dataDir(), { recursive: true });
    const file = path.join(dataDir(), 'steward-secret');
    await writeFile(file, 'something else');
    const one = await start(unset());
    const [line] = await logged(
      one,
      'no secret can be kept, so cursors and questions to people end with this process; set STEWARD_SECRET',
      1,
    );
    expect(line).toMatchObject({ level: 'warn', cause: expect.stringContaining(dataDir()) });
    expect(await nextPage(one, await cursorOf(one))).toBeUndefined();
    expect(await readFile(file, 'utf8')).toBe('something else');
    await rm(file);
  });

  it('one that others can read is not used, and the start says why', async () => {
    await start(unset());
    const file = path.join(dataDir(), 'steward-secret');
    await chmod(file, 0o644);
    const [line] = await logged(
      await start(unset()),
      'no secret can be kept, so cursors and questions to people end with this process; set STEWARD_SECRET',
      1,
    );
    expect(line?.['cause']).toMatch(/Others than its owner can read or write .*steward-secret/);
  });
});
