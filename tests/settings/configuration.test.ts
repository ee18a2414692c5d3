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
    const { code, stdout, stderr } = await serve({
      NODE_ENV: 'staging',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://root@127.0.0.1/staff',
      DB_PORT: '70000',
      DB_POOL_MAX: 'ten',
      DB_LOCK_TIMEOUT_MS: '-1',
      STEWARD_DATA_DIR: 'relative/folder',
      RATE_LIMIT_PER_MINUTE: '0',
      CALL_DEADLINE_MS: '60001',
    });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    const named = [...stderr.matchAll(/^ {2}- ([A-Z_]+) /gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(
      new Set([
        'CALL_DEADLINE_MS',
        'DATABASE_URL',
        'DB_LOCK_TIMEOUT_MS',
        'DB_POOL_MAX',
        'DB_PORT',
        'LOG_LEVEL',
        'NODE_ENV',
        'RATE_LIMIT_PER_MINUTE',
        'STEWARD_DATA_DIR',
      ]),
    );
    expect(stderr).toContain('docs/configuration.md');
    expect(stderr).not.toMatch(/\n\s+at |zod/i);
  });

  it.each([
    ['DATABASE_URL', 'mysql://root:hunter2@127.0.0.1/staff', 'must start with postgresql://'],
    ['DATABASE_URL', 'postgresql://root:hunter2#/@@127.0.0.1:port/staff', 'is not a valid URL'],
    [
      'DATABASE_REPLICA_URL',
      'postgresql://a/b,mysql://root:hunter2@127.0.0.1/staff',
      'must be addresses such as those of DATABASE_URL, separated by commas',
    ],
    ['DB_PORT', 'hunter2', 'must be a whole number'],
    ['DB_POOL_MAX', '1', 'must be at least 2'],
    ['DB_POOL_MAX', '1e2', 'must be a whole number'],
    ['CALL_DEADLINE_MS', ' 5000', 'must be a whole number'],
    ['STEWARD_CALLER', '   ', 'must not be empty'],
  ])('names %s, and not its value %j', async (name, value, says) => {
    const { code, stderr } = await serve({ [name]: value });
    expect(code).toBe(1);
    expect(stderr).toContain(`  - ${name} `);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('hunter2');
  });

  it.each([
    [{ DB_POOL_MIN: '5', DB_POOL_MAX: '4' }, 'DB_POOL_MIN must not be greater than DB_POOL_MAX'],
    [{ DB_LOCK_TIMEOUT_MS: '10000' }, 'DB_LOCK_TIMEOUT_MS must be less than CALL_DEADLINE_MS'],
    [{ DB_STATEMENT_TIMEOUT_MS: '20000' }, 'DB_STATEMENT_TIMEOUT_MS must be less than CALL_DEADLINE_MS'],
    [{ CALL_DEADLINE_MS: '3000' }, 'DB_ACQUIRE_TIMEOUT_MS must be less than CALL_DEADLINE_MS'],
    [{ DB_USER: 'steward' }, 'DB_USER and DB_PASSWORD are of no use without DB_NAME'],
    [
      { DATABASE_REPLICA_URL: 'postgresql://root:hunter2@127.0.0.1/staff' },
      'DATABASE_REPLICA_URL is of no use without DATABASE_URL or DB_NAME',
    ],
    [{ DB_PASSWORD: 'hunter2' }, 'DB_USER and DB_PASSWORD are of no use without DB_NAME'],
  ])('contradicts itself: %j', async (env, says) => {
    const { code, stderr } = await serve(env);
    expect(code).toBe(1);
    expect(stderr).toContain(`  - ${says}`);
    expect(stderr).not.toContain('hunter2');
  });

  it('names all contradictions at once', async () => {
    const { stderr } = await serve({ DB_POOL_MIN: '9', CALL_DEADLINE_MS: '500' });
    expect(stderr.match(/^ {2}- /gm)).toHaveLength(4);
  });
});

const databaseOf = async (env: Record<string, string>) =>
  (await steward(['database-url'], env)).stdout.trim();

describe('the database', () => {
  it('may be given in parts, with any characters', async () => {
    const parts = {
      DB_HOST: 'db.example.com',
      DB_PORT: '6543',
      DB_NAME: 'st aff/1',
      DB_USER: 'a@b',
      DB_PASSWORD: 'p:w/?#% é',
    };
    const url = new URL(await databaseOf(parts));
    expect(url.host).toBe('db.example.com:6543');
    expect(decodeURIComponent(url.pathname)).toBe('/st aff/1');
    expect(decodeURIComponent(url.username)).toBe('a@b');
    expect(decodeURIComponent(url.password)).toBe('p:w/?#% é');
  });

  it('is taken to be on this machine at the usual port', async () => {
    expect(await databaseOf({ DB_NAME: 'staff' })).toBe('postgresql://localhost:5432/staff');
  });

  it('may be behind a Unix socket', async () => {
    const url = new URL(await databaseOf({ DB_NAME: 'staff', DB_HOST: '/var/run/postgresql' }));
    expect(url.searchParams.get('host')).toBe('/var/run/postgresql');
  });

  it('is that of DATABASE_URL where both are given', async () => {
    expect(await databaseOf({ DATABASE_URL: NOWHERE, DB_NAME: 'other' })).toBe(NOWHERE);
  });

  it('has its password masked wherever it is shown', async () => {
    const { stdout, stderr } = await steward(['doctor'], {
      DB_NAME: 'staff',
      DB_HOST: '127.0.0.1',
      DB_PORT: '1',
      DB_USER: 'someone',
      DB_PASSWORD: 'hunter2',
    });
    expect(stdout).toContain('postgresql://someone:****@127.0.0.1:1/staff');
    expect(stdout + stderr).not.toContain('hunter2');
  });
});

describe('settings', () => {
  let project: string;
  const folders: string[] = [];
  /** A folder with a configuration file that says nothing, unless it is given a text. */
  const emptyConfiguration = async (text = '{}') => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-empty-'));
    folders.push(folder);
    await writeFile(path.join(folder, 'empty.json'), text);
    return folder;
  };
  const LATER_WINS = 'DATABASE_URL=postgresql://127.0.0.1:1/';

  /** A copy of the project with `.env` files of our own. */
  beforeAll(async () => {
    project = await mkdtemp(path.join(os.tmpdir(), 'steward-config-'));
    await cp(path.join(ROOT, 'dist'), path.join(project, 'dist'), { recursive: true });
    await cp(path.join(ROOT, 'package.json'), path.join(project, 'package.json'));
    await symlink(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
    // The mark of a checkout; an installed package has none.
    await mkdir(path.join(project, 'src'));
    await writeFile(path.join(project, 'src', 'main.ts'), '');
    await writeFile(path.join(project, '.env.development'), `${LATER_WINS}from_development\n`);
    await writeFile(path.join(project, '.env.production'), `${LATER_WINS}from_production\n`);
    await writeFile(path.join(project, '.env.test'), `${LATER_WINS}from_test\n`);
  });

  afterAll(async () => {
    for (const folder of [project, ...folders]) await rm(folder, { recursive: true, force: true });
  });

  const urlUnder = async (env: Record<string, string | undefined>) =>
    new URL((await run([path.join(project, 'dist', 'main.js'), 'database-url'], env, os.tmpdir())).stdout)
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
    const elsewhere = await mkdtemp(path.join(os.tmpdir(), 'steward-elsewhere-'));
    try {
      const STEWARD_CONFIG = path.join(elsewhere, 'mine.json');
      await writeFile(STEWARD_CONFIG, JSON.stringify({ settings: { DB_NAME: 'from_file' } }));
      expect(await urlUnder({ NODE_ENV: 'production', STEWARD_CONFIG })).toBe('/from_file');
      await writeFile(path.join(elsewhere, '.env.production'), `${LATER_WINS}from_elsewhere\n`);
      expect(await urlUnder({ NODE_ENV: 'production', STEWARD_CONFIG })).toBe('/from_elsewhere');
      const flag = [path.join(project, 'dist', 'main.js'), 'database-url', '--config', STEWARD_CONFIG];
      expect((await run(flag, { NODE_ENV: 'production' }, os.tmpdir())).stdout).toContain('/from_elsewhere');
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('of an installed package are those of the working folder, and none of its own', async () => {
    const [src, aside] = [path.join(project, 'src'), path.join(project, 'src-aside')];
    const working = await mkdtemp(path.join(os.tmpdir(), 'steward-working-'));
    await rename(src, aside);
    try {
      const urlIn = async (env: Record<string, string>) =>
        (await run([path.join(project, 'dist', 'main.js'), 'database-url'], env, working)).stdout.trim();
      expect(await urlIn({ NODE_ENV: 'production', DB_NAME: 'own' })).toBe('postgresql://localhost:5432/own');
      await writeFile(path.join(working, '.env.production'), `${LATER_WINS}from_working\n`);
      expect(await urlIn({ NODE_ENV: 'production' })).toContain('/from_working');
    } finally {
      await rename(aside, src);
      await rm(working, { recursive: true });
    }
  });

  it('given as flags come before all others', async () => {
    const flags = ['--db-name', 'from_flag', '--db-port', '7', 'database-url'];
    const { stdout } = await run([path.join(project, 'dist', 'main.js'), ...flags], {
      NODE_ENV: 'development',
      DB_NAME: 'from_environment',
      DB_PORT: '8',
      STEWARD_CONFIG: path.join(await emptyConfiguration(), 'empty.json'),
    });
    expect(stdout.trim()).toBe('postgresql://localhost:7/from_flag');
  });

  it.each([
    ['{"settings":{"DB_PASSWORD":hunter2}}', 'cannot be read: it is not valid JSON'],
    ['{"settings":{"DATABSE_URL":"x"}}', 'DATABSE_URL is no setting of Steward'],
    ['{"settings":{"NODE_ENV":"production"}}', 'NODE_ENV stands in a file'],
    ['{"settings":{"DB_PORT":[1]}}', 'settings.DB_PORT'],
    ['{"setings":{}}', 'setings'],
  ])('in a configuration file %j are refused with the reason', async (text, says) => {
    const folder = await emptyConfiguration(text);
    const { code, stderr } = await steward(['doctor'], { STEWARD_CONFIG: path.join(folder, 'empty.json') });
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
