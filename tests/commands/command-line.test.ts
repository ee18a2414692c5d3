import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bareEnvironment, MAIN, ROOT, steward } from '../support/command.mjs';
import { onServer, onServerOfItsOwn } from '../support/conditions.js';
import { census } from '../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { PostgresServer } from '../support/postgres-server.mjs';
import { notJsonRpc, notLogLines, RawClient } from '../support/raw-client.js';
import { administer } from '../support/server.mjs';
import { OWNER, SERVER_URL } from '../support/template.mjs';

const MIGRATION = '20261128000000_staff_directory';
const UNREACHABLE = { DATABASE_URL: 'postgresql://someone:hunter2@127.0.0.1:1/nowhere' };

let database: TestDatabase;

describe('the steward command', () => {
  it('explains itself, its commands and where its settings come from with --help', async () => {
    const { code, stdout, stderr } = await steward(['--help']);
    expect(code).toBe(0);
    for (const said of ['Usage: steward', 'doctor', 'seed', 'demo', 'database-url', 'stdio', '.env.local']) {
      expect(stdout).toContain(said);
    }
    expect(stderr).toBe('');
  });

  it('tells the version of package.json with --version', async () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await steward(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('is what npx steward-mcp runs in a checkout', async () => {
    const { stdout } = await promisify(execFile)('npx', ['--no-install', 'steward-mcp', '--version'], {
      cwd: ROOT,
    });
    expect(stdout).toBe((await steward(['--version'])).stdout);
  });

  it.each([['serv'], ['--no-such-option'], ['doctor', '--force'], ['seed', 'everything'], ['']])(
    'refuses what it does not know: %j %j',
    async (...args) => {
      const { code, stdout, stderr } = await steward(args.filter((arg) => arg !== undefined));
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^error: (?:unknown|too many)/);
      expect(stderr).not.toMatch(/\n\s+at /);
    },
  );

  it.each(['seed', 'doctor', 'database-url'])(
    '%s says what is wrong with the configuration',
    async (command) => {
      const { code, stderr } = await steward([command], { DB_POOL_MAX: 'many' });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^The configuration cannot be used:\n {2}- DB_POOL_MAX must be a whole number\n/,
      );
    },
  );

  it('database-url prints the URL in use and nothing else', async () => {
    expect(await steward(['database-url'], UNREACHABLE)).toEqual({
      code: 0,
      stdout: `${UNREACHABLE.DATABASE_URL}\n`,
      stderr: '',
    });
  });

  it('seed says without a stack that it cannot reach the database', async () => {
    const { code, stderr } = await steward(['seed'], { ...UNREACHABLE, LOG_LEVEL: 'error' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/database cannot be reached/);
    expect(stderr).not.toMatch(/hunter2|\n\s+at |node:internal/);
  });
});

describe('steward doctor', () => {
  beforeEach(async () => void (database = await freshDatabase()));
  afterEach(() => database.drop());

  it('finds nothing wrong with a good database, and exits with 0', async () => {
    const { code, stdout } = await steward(['doctor'], database.env);
    expect(stdout).not.toMatch(/FAIL/);
    for (const checked of [
      'configuration',
      'connection: PostgreSQL',
      'migrations: current',
      'privileges',
      'time limits',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}ok {2,}${checked}`, 'm'));
    }
    expect(code).toBe(0);
  });

  it.each([
    [UNREACHABLE.DATABASE_URL, 'postgresql://someone:****@127.0.0.1:1/nowhere'],
    [
      'postgresql://127.0.0.1:1/nowhere?user=someone&password=hunter2&sslpassword=hunter2',
      '127.0.0.1:1/nowhere?user=someone&password=****&sslpassword=****',
    ],
  ])('says that a database cannot be reached, what to look at, and no password: %s', async (url, shown) => {
    const { code, stdout, stderr } = await steward(['doctor'], { DATABASE_URL: url });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /FAIL {2}connection: .*ECONNREFUSED.*\n +→ check that the server runs and that host, port/,
    );
    expect(stdout).toContain(shown);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  it('ends without a complaint when its reader stops, as in `steward doctor | head -1`', async () => {
    const child = spawn(process.execPath, [MAIN, 'doctor'], {
      cwd: ROOT,
      env: bareEnvironment(database.env),
    });
    const stderr = text(child.stderr);
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr: await stderr }).toEqual({ code: 141, stderr: '' });
  });
});

onServer('steward doctor on a PostgreSQL server', () => {
  beforeEach(async () => void (database = await freshDatabase()));
  afterEach(() => database.drop());

  it.each([
    ['a superuser', () => new URL(database.administration['DATABASE_URL'] as string).username, 'a superuser'],
    ['the owner of the tables', () => OWNER, 'the owner of _prisma_migrations, departments, .*users'],
  ])('warns of %s', async (_, role, found) => {
    const url = new URL(database.env['DATABASE_URL'] as string);
    url.username = role();
    const { code, stdout } = await steward(['doctor'], { DATABASE_URL: url.href });
    expect(stdout).toMatch(
      new RegExp(
        `warn {2}privileges: Steward connects as ${found}\\n +→ connect as steward_app, which prisma/roles.sql makes`,
      ),
    );
    expect(code).toBe(0);
  });

  it('looks at what only steward http needs, and at replicas', async () => {
    const { DATABASE_URL = '' } = database.env;
    const odd = { DATABASE_REPLICA_URL: `${DATABASE_URL},${UNREACHABLE.DATABASE_URL}`, HTTP_HOST: '0.0.0.0' };
    const { code, stdout } = await steward(['doctor'], { ...database.env, ...odd });
    expect(stdout).toMatch(
      /warn {2}http: steward http would not start: HTTP_HOST must be a loopback address/,
    );
    expect(stdout).toMatch(/warn {2}replica_1: .* is no replica\n +→ give DATABASE_REPLICA_URL/);
    expect(stdout).toMatch(/warn {2}replica_2: .*ECONNREFUSED/);
    expect(stdout).not.toContain('hunter2');
    expect(code).toBe(0);
  });

  it('says of a database that does not exist that it does not', async () => {
    const url = new URL(database.env['DATABASE_URL'] as string);
    url.pathname = '/steward_no_such_database';
    const { code, stdout } = await steward(['doctor'], { DATABASE_URL: url.href });
    expect(stdout).toMatch(/FAIL {2}connection: .*does not exist.*\n +→ check/);
    expect(code).toBe(1);
  });

  describe('as a role of few privileges', () => {
    let role: string;
    let env: Record<string, string>;

    beforeEach(async () => {
      role = `steward_test_${randomUUID()}`;
      await database.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'few'`);
      await database.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${role}"`);
      const url = new URL(database.env['DATABASE_URL'] as string);
      url.username = role;
      url.password = 'few';
      env = { DATABASE_URL: url.href };
    });

    afterEach(async () => {
      await database.query(`DROP OWNED BY "${role}"`);
      await administer(`DROP ROLE "${role}"`);
    });

    it('names each privilege that is missing, with the statement that grants it', async () => {
      await database.query(`GRANT INSERT ON users TO "${role}"`);
      const { code, stdout } = await steward(['doctor'], env);
      const columns = 'department_id, role, active, updated_at';
      expect(stdout).toContain(
        `FAIL  privileges: UPDATE (${columns}) on users missing\n       → GRANT UPDATE (${columns}) ON users TO `,
      );
      expect(stdout).toContain('FAIL  privileges: INSERT (name, created_at) on departments missing');
      expect(stdout).toContain('FAIL  privileges: INSERT (user_id, field_changed, ');
      expect(stdout).toContain('FAIL  privileges: USAGE on sequence users_id_seq missing');
      expect(code).toBe(1);
    });

    it('names each privilege that is too much', async () => {
      await database.query(`GRANT DELETE ON users TO "${role}"`);
      await database.query(`GRANT UPDATE ON user_audit_log TO "${role}"`);
      await database.query(`GRANT INSERT (id) ON users TO "${role}"`);
      await database.query(`GRANT CREATE ON SCHEMA public TO "${role}"`);
      const { stdout } = await steward(['doctor'], env);
      const [, excess] =
        /warn {2}privileges: more than the tools need: (.*)\n +→ connect as steward_app/.exec(stdout) ?? [];
      expect(excess).toBe(
        'UPDATE (id, user_id, field_changed, old_value, new_value, changed_at, actor, tool, request_id) on user_audit_log, ' +
          'DELETE on users, INSERT (id) on users, CREATE on schema public',
      );
    });

    it('names the powers over server and database, however they are had, with the statements that end them', async () => {
      const [name] = await database.query<{ name: string }>('SELECT current_database() AS name');
      const strong = `${role}_strong`;
      const apart = `${role}_apart`;
      const powers: [string, string, string][] = [
        [`ALTER ROLE "${role}" BYPASSRLS CREATEDB`, 'BYPASSRLS', `ALTER ROLE "${role}" NOBYPASSRLS`],
        ['', 'CREATEDB', `ALTER ROLE "${role}" NOCREATEDB`],
        [
          `GRANT pg_execute_server_program TO "${role}"`,
          'membership in pg_execute_server_program',
          `REVOKE pg_execute_server_program FROM "${role}"`,
        ],
        [
          `CREATE ROLE "${apart}" NOINHERIT ROLE "${role}"; CREATE ROLE "${apart}_2" ROLE "${apart}"`,
          `membership in ${apart}_2`,
          `REVOKE "${apart}_2" FROM "${role}"`,
        ],
        [
          `CREATE ROLE "${strong}" CREATEROLE ROLE "${role}"`,
          `membership in ${strong}`,
          `REVOKE "${strong}" FROM "${role}"`,
        ],
        [
          `GRANT UPDATE ON SEQUENCE users_id_seq TO "${role}"`,
          'UPDATE on sequence users_id_seq',
          `REVOKE UPDATE ON SEQUENCE users_id_seq FROM PUBLIC, "${role}"`,
        ],
        [
          `GRANT CREATE ON DATABASE "${name?.name}" TO "${role}"`,
          `CREATE on database ${name?.name}`,
          `REVOKE CREATE ON DATABASE "${name?.name}" FROM PUBLIC, "${role}"`,
        ],
        [
          `GRANT TEMPORARY ON DATABASE "${name?.name}" TO PUBLIC`,
          `TEMPORARY on database ${name?.name}`,
          `REVOKE TEMPORARY ON DATABASE "${name?.name}" FROM PUBLIC, "${role}"`,
        ],
      ];
      await database.query(`GRANT pg_monitor TO "${role}"`);
      for (const [give] of powers) await database.query(give);
      try {
        const { code, stdout } = await steward(['doctor'], env);
        const [, held, remedy] =
          /warn {2}privileges: powers that no tool needs: (.*)\n +→ (.*)/.exec(stdout) ?? [];
        expect(held?.split(', ')).toEqual(powers.map(([, power]) => power));
        expect(remedy?.split('; ').map((one) => one.replace(/;$/, ''))).toEqual(
          powers.map(([, , statement]) => statement),
        );
        expect(code).toBe(1);
      } finally {
        await database.query(`DROP ROLE "${apart}_2", "${apart}", "${strong}"`);
      }
    });

    it('takes membership in the owner for ownership, inherited or not', async () => {
      await database.query(`ALTER ROLE "${role}" NOINHERIT`);
      await database.query(`GRANT ${OWNER} TO "${role}"`);
      const { stdout } = await steward(['doctor'], env);
      expect(stdout).toMatch(/warn {2}privileges: Steward connects as the owner of .*users/);
    });

    it('says so too where not even the ledger may be read', async () => {
      await database.query(`REVOKE ALL ON _prisma_migrations FROM "${role}"`);
      const { code, stdout, stderr } = await steward(['doctor'], env);
      expect(stdout).toMatch(
        /FAIL {2}privileges: SELECT on _prisma_migrations missing\n +→ GRANT SELECT ON _prisma_migrations TO /,
      );
      expect(stderr).toBe('');
      expect(code).toBe(1);
    });

    it('finds nothing wrong once all that it asked for was granted, and Steward then works', async () => {
      const asked = (await steward(['doctor'], env)).stdout.matchAll(/→ (GRANT .*) TO .*$/gm);
      for (const [, grant] of asked) await database.query(`${grant} TO "${role}"`);
      const { code, stdout } = await steward(['doctor'], env);
      expect(stdout).not.toMatch(/FAIL|warn/);
      expect(code).toBe(0);
      const client = await RawClient.start({ ...database, env });
      const outcomes = [
        await client.call('create_user', { username: 'granted', email: 'granted@example.com' }),
        await client.call('transfer_user', { user_id: 1, new_department: 'Finance' }),
        await client.call('update_user_preferences', { user_id: 1, preferences: { theme: 'dark' } }),
        await client.call('create_department', { name: 'Granted' }),
      ];
      await client.end();
      expect(outcomes.map((outcome) => outcome.code)).toEqual([undefined, undefined, undefined, undefined]);
    });
  });
});

onServerOfItsOwn('steward doctor where passwords are asked for', () => {
  let server: PostgresServer;

  beforeAll(async () => void (server = await PostgresServer.create()));
  afterAll(() => server.destroy());

  it('says of a wrong one that it is wrong, without repeating it', async () => {
    const wrong = server.url('postgres', { password: 'hunter2' });
    const { code, stdout, stderr } = await steward(['doctor'], { DATABASE_URL: wrong });
    expect(stdout).toMatch(/FAIL {2}connection: .*password authentication failed.*\n +→ check/);
    expect(stdout + stderr).not.toContain('hunter2');
    expect(code).toBe(1);
  });
});

/** Doctor names the state and the command that mends it; a server says the same, ends and serves nothing. */
async function expectRefusal(state: string, remedy: string): Promise<void> {
  const { code, stdout } = await steward(['doctor'], database.env);
  expect(stdout).toMatch(new RegExp(`FAIL {2}migrations: ${state}\\n +→ ${remedy}`));
  expect(code).toBe(1);
  const client = new RawClient(database.env);
  const outcome = await client.call('list_departments').catch(() => ({ code: 'none' }));
  expect(await client.exited).toEqual({ code: 1, signal: null });
  expect(client.stderr()).toMatch(new RegExp(`migrations are ${state}\\. .*: ${remedy}`));
  expect(outcome.code).toBeDefined();
  expect(client.lines.join('\n')).not.toMatch(/Engineering|_staff_directory|prisma/);
  expect(notJsonRpc(client.lines)).toEqual([]);
  expect(notLogLines(client.stderr())).toEqual([]);
}

describe('a database that is not of its version is refused by doctor and server', () => {
  beforeEach(async () => void (database = await freshDatabase()));
  afterEach(() => database.drop());

  it.each([
    [
      'ahead \\(20990101000000_from_the_future\\)',
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ('ahead', 'x', '20990101000000_from_the_future', now(), 1)`,
      'update Steward',
    ],
    [
      `failed \\(${MIGRATION}\\)`,
      `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '${MIGRATION}'`,
      `npx prisma migrate resolve --rolled-back ${MIGRATION}`,
    ],
  ])('%s', async (state, sql, remedy) => {
    await database.query(sql);
    await expectRefusal(state, remedy);
  });

  const itOnServer = SERVER_URL === undefined ? it.skip : it;

  itOnServer('behind: migrations are missing', async () => {
    await database.query(`DELETE FROM _prisma_migrations`);
    await expectRefusal('behind \\(.*_staff_directory.*\\)', 'npx steward-mcp db upgrade');
  });

  itOnServer('of another application: there are tables, and no ledger', async () => {
    await database.query(`DROP TABLE _prisma_migrations`);
    await expectRefusal(
      'of another application \\(.*departments.*\\)',
      'to serve the records of this database',
    );
  });
});

describe('steward seed', () => {
  beforeAll(async () => void (database = await freshDatabase()));
  afterAll(() => database.drop());

  it('changes nothing if there are users already', async () => {
    const before = await census(database);
    for (let time = 1; time <= 2; time += 1) {
      const { code, stdout, stderr } = await steward(['seed'], database.env);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toContain('The directory has users already; nothing was changed.');
    }
    expect(await census(database)).toEqual(before);
  });
});
