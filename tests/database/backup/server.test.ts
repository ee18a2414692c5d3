import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectionEnvironment } from '../../../src/database/backup/server/programs.js';
import { asOwner, backup, everything, restore } from '../../support/backups.js';
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

  it('replaces a database under a Steward that goes on with it', async () => {
    const user = await startSteward({ database });
    const created = await user.call('create_user', { username: 'joined_since', email: 'since@example.com' });
    await database.query('ALTER TABLE users ADD COLUMN of_a_newer_version int');
    expect(await restore(database, file, '--replace')).toMatchObject({ code: 0 });
    expect((await user.call('get_user', { id: created.data.user.id })).error).toBe('NOT_FOUND');
    const again = await user.call('create_user', { username: 'joined_since', email: 'since@example.com' });
    expect(again.data.user.id).toBe(created.data.user.id);
    await user.stop();
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

  it.each([
    [
      'a view of another schema depends on a table',
      'CREATE SCHEMA elsewhere; CREATE VIEW elsewhere.report AS SELECT count(*) FROM users',
      /view elsewhere.report depends on table (public\.)?users[^]*The database is as it was\./,
    ],
    [
      'a table is not in the backup',
      `CREATE TABLE stranger (); ALTER TABLE stranger OWNER TO ${OWNER}`,
      /holds what the backup does not: stranger\. .*Nothing was changed/,
    ],
  ])('changes nothing where %s', async (_, statements, message) => {
    for (const statement of statements.split(';')) await database.query(statement);
    await expectUntouched(async () => {
      const { code, stderr } = await restore(database, file, '--replace');
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
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

  it.each(['Steward', 'pg_restore'])('changes nothing when %s is killed half-way', async (killed) => {
    const pids = path.join(folder, `${killed}.pid`);
    const bin = await programs(
      folder,
      '99.1',
      `case "$*" in *--single-transaction*) echo $$ > "${pids}";; esac
       exec "${POSTGRES_BIN}/$(basename "$0")" "$@"`,
    );
    await expectUntouched(async () => {
      // pg_restore has to wait for this reader: what it reads goes with a table, and is none.
      await database.query('BEGIN');
      await database.query('SELECT FROM users_id_seq');
      const env = bareEnvironment({ ...asOwner(database), POSTGRES_BIN_DIR: bin });
      const child = spawn(process.execPath, [MAIN, 'db', 'restore', '--replace', file], { env });
      const exit = once(child, 'exit');
      await eventually(async () => (await waitingForLock()) > 0);
      if (killed === 'Steward') child.kill('SIGTERM');
      else process.kill(Number(await readFile(pids, 'utf8')), 'SIGKILL');
      expect((await exit)[0]).toBe(1);
      await database.query('COMMIT');
      await eventually(async () => (await others()) === 0);
    });
  });

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

  it('replaces nothing without --replace', async () => {
    await expectUntouched(async () => {
      const { code, stderr } = await restore(database, file);
      expect(code).toBe(1);
      expect(stderr).toMatch(/holds something already: .*users.* Pass --replace .*Nothing was changed/);
    });
  });

  it('says which publications lost its tables, and how they get them back', async () => {
    await database.query('CREATE PUBLICATION "To all" FOR TABLE users, departments');
    const { code, stderr } = await steward(['db', 'restore', '--replace', file], database.administration);
    expect(code).toBe(0);
    const [statement = ''] = /ALTER PUBLICATION .*;/.exec(stderr) ?? [];
    expect(statement).toMatch(
      /^ALTER PUBLICATION "To all" ADD TABLE (departments, users|users, departments);$/,
    );
    expect(await database.query('SELECT FROM pg_publication_rel')).toEqual([]);
    await database.query(statement);
    expect(await database.query('SELECT FROM pg_publication_rel')).toHaveLength(2);
  });

  it('is refused during a migration', async () => {
    await database.query('SELECT pg_advisory_lock(72707369)');
    await expectUntouched(async () => {
      const { code, stderr } = await restore(database, file, '--replace');
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('Try again') });
    });
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
        expect(stderr).toMatch(/needs pg_.* of version \d+ or newer; the newest one found is of version 9 /);
        expect(stderr).toContain('POSTGRES_BIN_DIR');
      }
    });

    it('are not there is refused', async () => {
      const env = { ...asOwner(database), POSTGRES_BIN_DIR: path.join(folder, 'nowhere') };
      const { code, stderr } = await steward(['db', 'backup', path.join(folder, 'old.backup')], env);
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('none was found') });
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
      for (const name of ['pg_dump', 'pg_restore']) {
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
        await steward(['db', 'restore', '--replace', made], watched),
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
    (
      await database.query(
        'SELECT FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database() AND NOT granted',
      )
    ).length;
});

/** A new folder of programs that say they are of some version, and otherwise do what `script` does. */
async function programs(within: string, version: string, script: string): Promise<string> {
  const bin = await mkdtemp(path.join(within, 'bin-'));
  for (const name of ['pg_dump', 'pg_restore']) {
    const told = `${name} (PostgreSQL) ${version}`;
    await writeFile(
      path.join(bin, name),
      `#!/bin/sh\n[ "$1" = --version ] && echo "${told}" && exit\n${script}\n`,
      { mode: 0o755 },
    );
  }
  return bin;
}
