import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectionEnvironment } from '../../../src/database/backup/server/connection-environment.js';
import { asOwner, backup, everything, restore, said } from '../../support/backups.js';
import { bareEnvironment, MAIN, prisma, steward } from '../../support/command.mjs';
import { onServerOfItsOwn, whyNoServer } from '../../support/conditions.js';
import { brokenRules } from '../../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { POSTGRES_BIN, PostgresServer } from '../../support/postgres-server.mjs';
import { startSteward } from '../../support/steward.js';
import { OWNER, RUN_DIR } from '../../support/template.mjs';

onServerOfItsOwn(`a backup of a server${whyNoServer ? ` (skipped: ${whyNoServer})` : ''}`, () => {
  let folder: string;
  let file: string;
  let database: TestDatabase;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(RUN_DIR, 'backup-'));
    file = path.join(folder, 'sample.backup');
    const source = await freshDatabase();
    const { code, stderr } = await backup(source, file);
    if (code !== 0) throw new Error(stderr);
    await source.drop();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => void (database = await freshDatabase()));
  afterEach(() => database.drop());

  const joinSomebody = () =>
    database.query(`INSERT INTO users (username, email) VALUES ('joined_since', 'since@example.com')`);
  const expectUntouched = async (work: () => Promise<unknown>) => {
    await joinSomebody();
    const before = await everything(database);
    await work();
    expect(await everything(database)).toEqual(before);
  };

  it('takes the place of a newer database as a whole, under a Steward that goes on with it', async () => {
    const user = await startSteward({ database });
    const created = await user.call('create_user', { username: 'joined_since', email: 'since@example.com' });
    const headcounts = async () => (await user.call('list_departments')).data.departments.rows;
    const known = await headcounts();
    await database.query('CREATE TABLE of_a_newer_version (user_id int REFERENCES users)');
    await database.query('CREATE VIEW newer AS SELECT id FROM users');
    for (const relation of ['of_a_newer_version', 'newer'])
      await database.query(`ALTER TABLE ${relation} OWNER TO ${OWNER}`);
    await database.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
                          VALUES ('newer', 'x', '20990101000000_newer', now())`);
    await database.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements').catch(() => []);
    const extensions = await database.query('SELECT extname FROM pg_extension ORDER BY 1');

    expect(await restore(database, file, '--replace')).toMatchObject({ code: 0 });
    expect((await user.call('get_user', { id: created.data.user.id })).error).toBe('NOT_FOUND');
    expect(await headcounts()).not.toEqual(known);
    const again = await user.call('create_user', { username: 'joined_since', email: 'since@example.com' });
    expect(again.data.user.id).toBe(created.data.user.id);
    expect(await headcounts()).toEqual(known);
    await user.stop();
    expect(
      await database.query(`SELECT to_regclass('of_a_newer_version') AS t, to_regclass('newer') AS v`),
    ).toEqual([{ t: null, v: null }]);
    expect(await database.query('SELECT extname FROM pg_extension ORDER BY 1')).toEqual(extensions);
    expect(await brokenRules(database)).toEqual({});
    expect((await steward(['doctor'], database.env)).stdout).not.toMatch(/FAIL|warn/);
  });

  it('restored by a superuser stays whose it was', async () => {
    const { code } = await steward(['db', 'restore', '--replace', file], database.administration);
    expect(code).toBe(0);
    expect((await steward(['doctor'], database.env)).stdout).not.toMatch(/FAIL|warn/);
    expect(
      await database.query(`SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class
                            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')`),
    ).toEqual([{ owner: 'steward_owner' }]);
  });

  it.each([['backup'], ['restore', '--replace']])(
    'is not for the role that Steward connects as: %s',
    async (...command) => {
      await expectUntouched(async () => {
        const target = command[0] === 'backup' ? path.join(folder, 'not.backup') : file;
        const { code, stderr } = await steward(['db', ...command, target], database.env);
        expect(code).toBe(1);
        expect(stderr).toMatch(/The role steward_app (may not read|does not own) .*steward_owner/);
        expect(stderr).not.toMatch(/\n\s+at /);
      });
    },
  );

  it('changes nothing where something outside depends on a table', async () => {
    await database.query('CREATE SCHEMA elsewhere');
    await database.query('CREATE VIEW elsewhere.report AS SELECT count(*) FROM users');
    await expectUntouched(async () => {
      const { code, stderr } = await restore(database, file, '--replace');
      expect(code).toBe(1);
      expect(stderr).toMatch(/view elsewhere.report depends on table users[^]*The database is as it was\./);
    });
  });

  it.each([
    ['cut short', (dump: Buffer) => dump.subarray(0, dump.length - 3000)],
    ['no dump', () => Buffer.from('PGDMP but nothing of what should follow')],
  ])('that is %s inside, although its seal is right, changes nothing', async (_, spoil) => {
    const bytes = await readFile(file);
    const content = spoil(bytes.subarray(0, bytes.lastIndexOf('\nSTEWARD-BACKUP')));
    const sha256 = createHash('sha256').update(content).digest('hex');
    const forged = path.join(folder, 'forged.backup');
    await writeFile(forged, Buffer.concat([content, Buffer.from(`\nSTEWARD-BACKUP 1 server ${sha256}\n`)]));
    await expectUntouched(async () => {
      const { code, stderr } = await restore(database, forged, '--replace');
      expect(code).toBe(1);
      expect(stderr).toMatch(/pg_restore failed: /);
      expect(stderr).not.toMatch(/\n\s+at /);
    });
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'whose restore %s ends half-way changes nothing',
    async (signal) => {
      await expectUntouched(async () => {
        // The restore has to wait for whoever reads.
        await database.query('BEGIN');
        await database.query('SELECT FROM users');
        const child = spawn(process.execPath, [MAIN, 'db', 'restore', '--replace', file], {
          env: bareEnvironment(asOwner(database)),
        });
        await said(child.stderr, /restoring the database/);
        await eventually(async () => (await waitingForLock()) === 1);
        child.kill(signal);
        await once(child, 'exit');
        await database.query('COMMIT');
        await eventually(async () => (await others()) === 0);
      });
    },
  );

  it.each([
    ['PGSERVICE', (name: string) => ({ PGSERVICE: 'elsewhere', service: `dbname=${name}` })],
    ['PGHOSTADDR', () => ({ PGHOSTADDR: '192.0.2.1', PGCONNECT_TIMEOUT: '2' })],
    ['PGDATABASE', (name: string) => ({ PGDATABASE: name, PGOPTIONS: '-c search_path=elsewhere' })],
  ])(
    'is made of and restored into the database of the URL, whatever %s says',
    async (variable, misleading) => {
      const other = await freshDatabase();
      await other.query(`INSERT INTO users (username, email) VALUES ('elsewhere', 'elsewhere@example.com')`);
      const before = await everything(other);
      await joinSomebody();
      const { pathname } = new URL(other.env['DATABASE_URL'] as string);
      const { service, ...variables }: Record<string, string> = misleading(pathname.slice(1));
      const services = path.join(folder, 'pg_service.conf');
      await writeFile(services, `[elsewhere]\n${service ?? ''}\n`);
      const env = { ...asOwner(database), ...variables, PGSERVICEFILE: services };
      const own = path.join(folder, `led-${variable}.backup`);

      expect(await steward(['db', 'backup', own], env)).toMatchObject({ code: 0 });
      await database.query(`INSERT INTO users (username, email) VALUES ('later', 'later@example.com')`);
      expect(await steward(['db', 'restore', '--replace', own], env)).toMatchObject({ code: 0 });
      const names = await database.query(
        `SELECT username::text FROM users WHERE username IN ('elsewhere', 'joined_since', 'later')`,
      );
      expect(names).toEqual([{ username: 'joined_since' }]);
      expect(await everything(other)).toEqual(before);
      await other.drop();
    },
  );

  it('changes nothing where psql is led to another database than the one that was looked at', async () => {
    const other = await freshDatabase();
    const { pathname } = new URL(other.env['DATABASE_URL'] as string);
    const bin = await wrapped(folder, `PGDATABASE='${pathname.slice(1)}'; export PGDATABASE`);
    await other.query(`INSERT INTO users (username, email) VALUES ('elsewhere', 'elsewhere@example.com')`);
    const before = await everything(other);
    await expectUntouched(async () => {
      const env = { ...asOwner(database), POSTGRES_BIN_DIR: bin };
      const { code, stderr } = await steward(['db', 'restore', '--replace', file], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /psql was led to another database \(steward_test_[^)]*\) than the one of DATABASE_URL/,
      );
    });
    expect(await everything(other)).toEqual(before);
    await other.drop();
  });

  it.each([
    ['?ssl=true', 'require'],
    ['?ssl=true&sslrootcert=AUTHORITY', 'verify-full'],
    ['?sslrootcert=AUTHORITY', 'verify-full'],
    ['?ssl=no-verify', 'require'],
    ['?sslmode=no-verify', 'require'],
    ['?sslmode=verify-full&ssl=true', 'verify-full'],
    ['', undefined],
  ])('whose URL ends in "%s" is made and restored with sslmode %s', async (parameters, mode) => {
    const authority = path.join(folder, 'authority.pem');
    await writeFile(authority, '');
    const url = `postgresql://ann@db.example.com/staff${parameters.replace('AUTHORITY', authority)}`;
    expect(connectionEnvironment(url)['PGSSLMODE']).toBe(mode);
  });

  const empty = async () => {
    await database.query('SET session_replication_role = replica');
    for (const table of ['user_preferences', 'user_audit_log', 'users', 'headcounts'])
      await database.query(`DELETE FROM ${table}`);
    await database.query('DELETE FROM departments WHERE id > 1');
    await database.query('SET session_replication_role = origin');
  };

  describe('without --replace', () => {
    it('takes the place of what the migrations made', async () => {
      await empty();
      expect(await restore(database, file)).toMatchObject({ code: 0 });
      expect(await database.query('SELECT FROM users')).not.toEqual([]);
    });

    it.each([
      ['a sequence', 'CREATE SEQUENCE theirs', 'sequence public.theirs'],
      [
        'a materialized view',
        'CREATE MATERIALIZED VIEW theirs AS SELECT 1',
        'materialized view public.theirs',
      ],
      ['a view', 'CREATE VIEW theirs AS SELECT 1', 'view public.theirs'],
      ['a function', 'CREATE FUNCTION theirs() RETURNS int LANGUAGE sql RETURN 1', 'routine theirs()'],
      ['an enum', "CREATE TYPE theirs AS ENUM ('a')", 'type public.theirs'],
      ['an empty table', 'CREATE TABLE "The irs" ()', 'table public."The irs"'],
    ])('refuses to take that of %s', async (_, statement, told) => {
      await empty();
      await database.query(statement);
      const { code, stderr } = await steward(['db', 'restore', file], database.administration);
      expect(code).toBe(1);
      expect(stderr).toContain(`The schema public holds something already: ${told}. Pass --replace`);
      expect(await database.query('SELECT FROM users')).toEqual([]);
      await database.query(statement).then(
        () => expect('it').toBe('there still'),
        (error: Error) => expect(error.message).toContain('already exists'),
      );
    });

    it('refuses to take that of a row that is committed after it has looked', async () => {
      await empty();
      await database.query('BEGIN');
      await joinSomebody();
      const child = spawn(process.execPath, [MAIN, 'db', 'restore', file], {
        env: bareEnvironment(asOwner(database)),
      });
      const refused = said(child.stderr, /holds something already: .*rows in users.*Nothing was changed/);
      refused.catch(() => {});
      await eventually(async () => (await waitingForLock()) === 1);
      await database.query('COMMIT');
      await refused;
      expect(await database.query('SELECT username::text FROM users')).toEqual([
        { username: 'joined_since' },
      ]);
    });
  });

  it('says which publications lost its tables, and how they get them back', async () => {
    await database.query('CREATE PUBLICATION "To all" FOR TABLE users, departments');
    const { code, stderr } = await steward(['db', 'restore', '--replace', file], database.administration);
    expect(code).toBe(0);
    const [statement = ''] = /ALTER PUBLICATION .*;/.exec(stderr) ?? [];
    expect(statement).toBe('ALTER PUBLICATION "To all" ADD TABLE public.departments, public.users;');
    expect(await database.query('SELECT FROM pg_publication_rel')).toEqual([]);
    await database.query(statement);
    expect(await database.query('SELECT FROM pg_publication_rel')).toHaveLength(2);
  });

  it('restored by two at once is restored whole', async () => {
    const outcomes = await Promise.all([1, 2].map(() => restore(database, file, '--replace')));
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await brokenRules(database)).toEqual({});
    expect((await steward(['doctor'], database.env)).stdout).not.toMatch(/FAIL|warn/);
  });

  it('is not made of a database that holds no directory', async () => {
    await database.query('ALTER TABLE users RENAME TO others');
    const none = path.join(folder, 'none.backup');
    const { code, stderr } = await backup(database, none);
    expect(code).toBe(1);
    expect(stderr).toMatch(/There is no directory in this database.*Is DATABASE_URL right\?/);
    await expect(readFile(none)).rejects.toThrow('ENOENT');
  });

  describe('with programs that', () => {
    it('are older than the server is refused, and says which are needed and where they were looked for', async () => {
      const bin = await programs(folder, '9.6.24', 'exit 1');
      const env = { ...asOwner(database), POSTGRES_BIN_DIR: bin };
      for (const command of [
        ['backup', path.join(folder, 'old.backup')],
        ['restore', '--replace', file],
      ]) {
        const { code, stderr } = await steward(['db', ...command], env);
        expect(code).toBe(1);
        expect(stderr).toMatch(
          /The server is PostgreSQL \d+, and this needs pg_.* of version \d+ or newer; /,
        );
        expect(stderr).toContain(`${bin} has those of PostgreSQL 9.`);
        expect(stderr).toContain('POSTGRES_BIN_DIR');
      }
    });

    it('are newer than the server, and set what it does not know, is restored, its rows as they were', async () => {
      const line = 'SET transaction_timeout = 0;';
      await database.query('CREATE TABLE notes (line text)');
      await database.query(`ALTER TABLE notes OWNER TO ${OWNER}`);
      await database.query(`INSERT INTO notes VALUES ('${line}'), ('-- and'), ('${line}')`);
      const noted = path.join(folder, 'noted.backup');
      expect(await backup(database, noted)).toMatchObject({ code: 0 });
      const real = path.join(POSTGRES_BIN ?? '', '$name');
      const bin = await programs(
        folder,
        '99.1',
        `name=$(basename "$0"); [ "$name" = pg_restore ] || exec "${real}" "$@"
         "${real}" "$@" | sed 's/^SET lock_timeout = 0;$/&\\n${line}/'`,
      );
      const env = { ...asOwner(database), POSTGRES_BIN_DIR: bin };
      const { code, stderr } = await steward(['db', 'restore', '--replace', noted], env);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(await database.query('SELECT line FROM notes')).toEqual(
        [line, '-- and', line].map((text) => ({ line: text })),
      );
    });

    it("are newer gives way to the server's own version", async () => {
      const bin = await programs(folder, '99.1', 'exit 1');
      await writeFile(path.join(bin, 'pg_config'), `#!/bin/sh\necho "${POSTGRES_BIN}"\n`, { mode: 0o755 });
      const env = { ...asOwner(database), PATH: `${bin}:/usr/bin:/bin` };
      expect(await steward(['db', 'backup', path.join(folder, 'same.backup')], env)).toMatchObject({
        code: 0,
      });
    });

    it('are not there is refused', async () => {
      const env = { ...asOwner(database), POSTGRES_BIN_DIR: path.join(folder, 'nowhere') };
      const { code, stderr } = await steward(['db', 'backup', path.join(folder, 'old.backup')], env);
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('none were found in '),
      });
    });

    it('fail after they wrote something leaves no file', async () => {
      const bin = await programs(folder, '99.1', 'echo some of it; echo "the disk is on fire" >&2; exit 3');
      const env = { ...asOwner(database), POSTGRES_BIN_DIR: bin };
      const half = path.join(folder, 'half.backup');
      const { code, stderr } = await steward(['db', 'backup', half], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(/pg_dump failed: the disk is on fire/);
      await expect(readFile(half)).rejects.toThrow('ENOENT');
    });
  });

  it('hands the password over where nobody can see it', async () => {
    const server = await PostgresServer.create();
    try {
      const env = { DATABASE_URL: server.url('staff') };
      expect(await prisma(['migrate', 'deploy'], env)).toMatchObject({ code: 0 });
      const bin = path.join(folder, 'watched');
      await mkdir(bin);
      for (const name of ['pg_dump', 'pg_restore', 'psql']) {
        const real = path.join(POSTGRES_BIN ?? '', name);
        await writeFile(
          path.join(bin, name),
          `#!/bin/sh\necho "$0 $@" >> "${bin}/seen"\nexec "${real}" "$@"\n`,
          { mode: 0o755 },
        );
      }
      const watched = { ...env, POSTGRES_BIN_DIR: bin };
      const made = path.join(folder, 'watched.backup');
      const outputs = [
        await steward(['db', 'backup', made], watched),
        await steward(['db', 'restore', made], watched),
      ];
      expect(outputs).toMatchObject([{ code: 0 }, { code: 0 }]);
      const seen = await readFile(path.join(bin, 'seen'), 'utf8');
      expect(seen).toMatch(/pg_dump .*--format=custom/);
      const { password } = new URL(server.url());
      for (const text of [seen, ...outputs.map(({ stderr }) => stderr)]) {
        expect(text).not.toContain(password);
        expect(text).not.toContain(decodeURIComponent(password));
      }
      expect(
        execFileSync(path.join(POSTGRES_BIN ?? '', 'pg_restore'), ['--list', made]).toString(),
      ).toContain('TABLE DATA public users');
    } finally {
      await server.destroy();
    }
  });

  const others = async () =>
    (
      await database.query(`SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid()`)
    ).length;
  // Inside a transaction pg_stat_activity stands still.
  const waitingForLock = async () =>
    (await database.query('SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted', ['users']))
      .length;
});

/** A new folder of PostgreSQL's own programs, before each of which the shell runs `first`. */
async function wrapped(within: string, first: string): Promise<string> {
  const bin = await mkdtemp(path.join(within, 'bin-'));
  for (const name of ['pg_dump', 'pg_restore', 'psql']) {
    const script = `#!/bin/sh\n${first}\nexec "${path.join(POSTGRES_BIN ?? '', name)}" "$@"\n`;
    await writeFile(path.join(bin, name), script, { mode: 0o755 });
  }
  return bin;
}

/** A new folder of programs that say they are of some version, and otherwise do what `script` does. */
async function programs(within: string, version: string, script: string): Promise<string> {
  const bin = await mkdtemp(path.join(within, 'bin-'));
  for (const name of ['pg_dump', 'pg_restore', 'psql']) {
    const told = `${name} (PostgreSQL) ${version}`;
    await writeFile(
      path.join(bin, name),
      `#!/bin/sh\n[ "$1" = --version ] && echo "${told}" && exit\n${script}\n`,
      { mode: 0o755 },
    );
  }
  return bin;
}
