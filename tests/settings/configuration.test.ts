import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, run, steward } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';

/** Nothing listens there: what is looked at is what Steward made of its settings, before it connects. */
const NOWHERE = 'postgresql://127.0.0.1:1/nowhere';

/** Starts a server, without a command, and waits for its end: stdin is closed. */
const serve = (env: Record<string, string>) => steward([], env);

describe('a configuration that cannot be used', () => {
  it('is refused at the start with every problem at once', async () => {
    const wrong = {
      NODE_ENV: 'staging',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://root@127.0.0.1/staff',
      DB_PORT: '70000',
      DB_USER: 'of no use without a database',
      DB_POOL_MAX: 'ten',
      DB_LOCK_TIMEOUT_MS: '-1',
      DB_STATEMENT_TIMEOUT_MS: '20000',
      STEWARD_DATA_DIR: 'relative/folder',
      RATE_LIMIT_PER_MINUTE: '0',
      CALL_DEADLINE_MS: '60001',
    };
    const { code, stdout, stderr } = await serve(wrong);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const named = [...stderr.matchAll(/^ {2}- ([A-Z_]+) /gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(Object.keys(wrong)));
    expect(stderr).toContain('docs/configuration.md');
    expect(stderr).not.toMatch(/\n\s+at |zod/i);
  });

  it.each<[env: Record<string, string>, says: string]>([
    [{ DATABASE_URL: 'mysql://root:hunter2@127.0.0.1/staff' }, 'DATABASE_URL must start with postgresql://'],
    [
      { DATABASE_URL: 'postgresql://root:hunter2#/@@127.0.0.1:port/staff' },
      'DATABASE_URL is not a valid URL',
    ],
    [{ DATABASE_URL: 'postgresql://root:hunter2%@127.0.0.1/staff' }, 'DATABASE_URL is not a valid URL'],
    [
      { DATABASE_REPLICA_URL: 'postgresql://a/b,mysql://root:hunter2@127.0.0.1/staff' },
      'DATABASE_REPLICA_URL must be addresses such as those of DATABASE_URL, separated by commas',
    ],
    [{ DB_PORT: 'hunter2' }, 'DB_PORT must be a whole number'],
    [{ DB_POOL_MAX: '1' }, 'DB_POOL_MAX must be at least 2'],
    [{ DB_POOL_MAX: '1e2' }, 'DB_POOL_MAX must be a whole number'],
    [{ CALL_DEADLINE_MS: ' 5000' }, 'CALL_DEADLINE_MS must be a whole number'],
    [{ STEWARD_CALLER: '   ' }, 'STEWARD_CALLER must be up to 100 visible characters'],
    [{ STEWARD_CALLER: 'ann\u001B[2J' }, 'STEWARD_CALLER must be up to 100 visible characters'],
    [{ STEWARD_CALLER: 'ann\u202Eb' }, 'STEWARD_CALLER must be up to 100 visible characters'],
    [{ DB_POOL_MIN: '5', DB_POOL_MAX: '4' }, 'DB_POOL_MIN must not be greater than DB_POOL_MAX'],
    [{ DB_LOCK_TIMEOUT_MS: '10000' }, 'DB_LOCK_TIMEOUT_MS must be less than CALL_DEADLINE_MS'],
    [{ CALL_DEADLINE_MS: '3000' }, 'DB_ACQUIRE_TIMEOUT_MS must be less than CALL_DEADLINE_MS'],
    [{ DB_PASSWORD: 'hunter2' }, 'DB_USER and DB_PASSWORD are of no use without DB_NAME'],
    [
      { DATABASE_REPLICA_URL: 'postgresql://root:hunter2@127.0.0.1/staff' },
      'DATABASE_REPLICA_URL is of no use without DATABASE_URL or DB_NAME',
    ],
  ])('%j is refused with the reason, without a password', async (env, says) => {
    const { code, stderr } = await serve(env);
    expect(code).toBe(1);
    expect(stderr).toContain(`  - ${says}`);
    expect(stderr).not.toContain('hunter2');
  });

  it('is one whose address has the directory in another schema than public', async () => {
    const { code, stderr } = await serve({
      DATABASE_URL: 'postgresql://root:hunter2@127.0.0.1/staff?schema=apart',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The address of the staff directory must not name the schema apart/);
    expect(stderr).not.toContain('hunter2');
  });
});

it.each<[what: string, env: Record<string, string>, url: string]>([
  [
    'given in parts, with any characters',
    {
      DB_HOST: 'db.example.com',
      DB_PORT: '6543',
      DB_NAME: 'st aff/1',
      DB_USER: 'a@b',
      DB_PASSWORD: 'p:w/?#% é',
    },
    'postgresql://a%40b:p%3Aw%2F%3F%23%25%20%C3%A9@db.example.com:6543/st%20aff%2F1',
  ],
  ['on this machine, at the usual port', { DB_NAME: 'staff' }, 'postgresql://localhost:5432/staff'],
  [
    'behind a Unix socket',
    { DB_NAME: 'staff', DB_HOST: '/var/run/postgresql' },
    'postgresql://localhost:5432/staff?host=%2Fvar%2Frun%2Fpostgresql',
  ],
  ['that of DATABASE_URL where both are given', { DATABASE_URL: NOWHERE, DB_NAME: 'other' }, NOWHERE],
])('the database is %s', async (_what, env, url) => {
  expect((await steward(['database-url'], env)).stdout).toBe(`${url}\n`);
});

describe('settings', () => {
  let project: string;
  const folders: string[] = [];
  /** A folder with these files in it. */
  const folderWith = async (files: Record<string, string> = {}) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-settings-'));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    return folder;
  };
  const LATER_WINS = 'DATABASE_URL=postgresql://127.0.0.1:1/';

  /** A copy of the project with `.env` files of our own. */
  beforeAll(async () => {
    const envFiles = ['development', 'production', 'test'].map((name) => [
      `.env.${name}`,
      `${LATER_WINS}from_${name}\n`,
    ]);
    project = await folderWith(Object.fromEntries(envFiles));
    await cp(path.join(ROOT, 'dist'), path.join(project, 'dist'), { recursive: true });
    await cp(path.join(ROOT, 'package.json'), path.join(project, 'package.json'));
    await symlink(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
    // The mark of a checkout; an installed package has none.
    await mkdir(path.join(project, 'src'));
    await writeFile(path.join(project, 'src', 'main.ts'), '');
  });

  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  const urlUnder = async (env: Record<string, string | undefined>, cwd = os.tmpdir(), flags: string[] = []) =>
    new URL((await run([path.join(project, 'dist', 'main.js'), 'database-url', ...flags], env, cwd)).stdout)
      .pathname;

  it.each([
    ['development', '/from_development'],
    ['production', '/from_production'],
    ['test', '/from_test'],
    [undefined, '/from_development'],
    ['', '/from_development'],
  ])('come from the file that NODE_ENV=%s chooses, wherever the command is run', async (NODE_ENV, chosen) => {
    expect(await urlUnder({ NODE_ENV })).toBe(chosen);
  });

  it('of the real environment come before those of the files, unless they are empty', async () => {
    expect(await urlUnder({ NODE_ENV: 'production', DATABASE_URL: NOWHERE })).toBe('/nowhere');
    expect(await urlUnder({ NODE_ENV: 'production', DATABASE_URL: '' })).toBe('/from_production');
  });

  it('of .env.local come before those of the chosen file, but not in tests', async () => {
    const local = path.join(project, '.env.local');
    await writeFile(local, `${LATER_WINS}from_local\n`);
    try {
      expect(await urlUnder({ NODE_ENV: 'production' })).toBe('/from_local');
      expect(await urlUnder({ NODE_ENV: 'test' })).toBe('/from_test');
    } finally {
      await rm(local);
    }
  });

  it('are looked for in the configuration file, too, which is weaker than all else but the defaults', async () => {
    const file = path.join(project, 'steward.config.json');
    const setting = { settings: { DATABASE_URL: 'postgresql://127.0.0.1:1/from_file' } };
    await writeFile(file, JSON.stringify(setting));
    try {
      expect(await urlUnder({ NODE_ENV: 'production' })).toBe('/from_production');
      await rm(path.join(project, '.env.production'));
      expect(await urlUnder({ NODE_ENV: 'production' })).toBe('/from_file');
    } finally {
      await rm(file);
      await writeFile(path.join(project, '.env.production'), `${LATER_WINS}from_production\n`);
    }
  });

  it('of .env files are those beside the configuration file, where one is named', async () => {
    const elsewhere = await folderWith({ 'mine.json': '{"settings":{"DB_NAME":"from_file"}}' });
    const STEWARD_CONFIG = path.join(elsewhere, 'mine.json');
    expect(await urlUnder({ NODE_ENV: 'production', STEWARD_CONFIG })).toBe('/from_file');
    await writeFile(path.join(elsewhere, '.env.production'), `${LATER_WINS}from_elsewhere\n`);
    expect(await urlUnder({ NODE_ENV: 'production', STEWARD_CONFIG })).toBe('/from_elsewhere');
    const flags = ['--config', STEWARD_CONFIG];
    expect(await urlUnder({ NODE_ENV: 'production' }, os.tmpdir(), flags)).toBe('/from_elsewhere');
  });

  it('of an installed package are those of the working folder, and none of its own', async () => {
    const [src, aside] = [path.join(project, 'src'), path.join(project, 'src-aside')];
    const working = await folderWith();
    await rename(src, aside);
    try {
      expect(await urlUnder({ NODE_ENV: 'production', DB_NAME: 'own' }, working)).toBe('/own');
      await writeFile(path.join(working, '.env.production'), `${LATER_WINS}from_working\n`);
      expect(await urlUnder({ NODE_ENV: 'production' }, working)).toBe('/from_working');
    } finally {
      await rename(aside, src);
    }
  });

  it('given as flags come before all others', async () => {
    const flags = ['--db-name', 'from_flag', '--db-port', '7', 'database-url'];
    const { stdout } = await run([path.join(project, 'dist', 'main.js'), ...flags], {
      NODE_ENV: 'development',
      DB_NAME: 'from_environment',
      DB_PORT: '8',
      STEWARD_CONFIG: path.join(await folderWith({ 'empty.json': '{}' }), 'empty.json'),
    });
    expect(stdout.trim()).toBe('postgresql://localhost:7/from_flag');
  });

  it.each([
    ['{"settings":{"DB_PASSWORD":hunter2}}', 'cannot be read: it is not valid JSON (line 1, column 28)'],
    ['{\n  "settings": {\n    "DB_PORT": 1,\n  }\n}', 'it is not valid JSON (line 4, column 3)'],
    ['{\n  "settings": {', 'it is not valid JSON (line 2, column 15)'],
    ['{"settings":{"DATABSE_URL":"x"}}', 'DATABSE_URL is no setting of Steward'],
    ['{"settings":{"NODE_ENV":"production"}}', 'NODE_ENV stands in a file'],
    ['{"settings":{"DB_PORT":[1]}}', 'settings.DB_PORT'],
    ['{"setings":{}}', 'setings'],
  ])('in a configuration file %j are refused with the reason', async (text, says) => {
    const folder = await folderWith({ 'wrong.json': text });
    const { code, stderr } = await steward(['doctor'], { STEWARD_CONFIG: path.join(folder, 'wrong.json') });
    expect(code).toBe(1);
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/\n\s+at |hunter2/);
  });

  it('are read from no other file, for any NODE_ENV', async () => {
    const outside = path.join(project, '..', `${path.basename(project)}.env`);
    const { code, stderr } = await run([path.join(project, 'dist', 'main.js'), 'doctor'], {
      NODE_ENV: `../${outside}`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('NODE_ENV');
  });
});

onServer('limits', () => {
  let database: TestDatabase;

  beforeAll(async () => void (database = await freshDatabase()));
  afterAll(() => database.drop());

  it('of sessions are in force in the database', async () => {
    const { code, stdout } = await steward(['doctor'], {
      ...database.env,
      DB_STATEMENT_TIMEOUT_MS: '4321',
      DB_LOCK_TIMEOUT_MS: '1234',
      DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: '5678',
    });
    expect(stdout).toContain(
      'time limits: idle_in_transaction_session_timeout 5678 ms, lock_timeout 1234 ms, statement_timeout 4321 ms',
    );
    expect(code).toBe(0);
  });

  it('have sensible values where none are given', async () => {
    const { stdout } = await steward(['doctor'], database.env);
    expect(stdout).toContain(
      'time limits: idle_in_transaction_session_timeout 6000 ms, lock_timeout 3000 ms, statement_timeout 6000 ms',
    );
  });
});
