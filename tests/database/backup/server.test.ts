import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { connectionEnvironment } from '../../../src/database/backup/server/programs.js';
import { readPostgresUrl } from '../../../src/settings/postgres-url.js';
import { MIGRATION_LOCK } from '../../../src/database/migrations/apply.js';
import { asOwner, backup, everything, restore } from '../../support/backups.js';
import { bareEnvironment, MAIN, steward } from '../../support/command.mjs';
import { onServerOfItsOwn, whyNoServer } from '../../support/conditions.js';
import { brokenRules } from '../../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { POSTGRES_BIN } from '../../support/postgres-server.mjs';
import { startSteward } from '../../support/steward.js';
import { OWNER, RUN_DIR } from '../../support/template.mjs';

/** As the settings read it. */
function readable(text: string): string {
  const read = readPostgresUrl(text, {});
  if ('problem' in read) throw new Error(read.problem);
  return read.url;
}

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

  const expectUntouched = async (work: () => Promise<unknown>) => {
    await database.query(`INSERT INTO users (username, email) VALUES ('joined_since', 'since@example.com')`);
    const before = await everything(database);
    await work();
    expect(await everything(database)).toEqual(before);
  };
  const expectRefused = async (
    command: string[],
    message: RegExp,
    env: Record<string, string> = asOwner(database),
  ) => {
    const { code, stderr } = await steward(['db', ...command], env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) });
    expect(stderr).not.toMatch(/\n\s+at /);
  };
  const expectRestoreRefused = (message: RegExp, from = file) =>
    expectUntouched(() => expectRefused(['restore', '--replace', from], message));

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

  it('restored by a superuser stays whose it was, and says which publications lost its tables', async () => {
    await database.query('CREATE PUBLICATION "To all" FOR TABLE users, departments');
    const { code, stderr } = await steward(['db', 'restore', '--replace', file], database.administration);
    expect(code).toBe(0);
    expect((await steward(['doctor'], database.env)).stdout).not.toMatch(/FAIL|warn/);
    expect(
      await database.query(`SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class
                            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')`),
    ).toEqual([{ owner: 'steward_owner' }]);
    const [statement = ''] = /ALTER PUBLICATION .*;/.exec(stderr) ?? [];
    expect(statement).toMatch(
      /^ALTER PUBLICATION "To all" ADD TABLE (departments, users|users, departments);$/,
    );
    expect(await database.query('SELECT FROM pg_publication_rel')).toEqual([]);
    await database.query(statement);
    expect(await database.query('SELECT FROM pg_publication_rel')).toHaveLength(2);
  });

  it('of a database that lacks migrations is restored, and they are named', async () => {
    const older = path.join(folder, 'older.backup');
    const [last] = await database.query(`UPDATE _prisma_migrations SET rolled_back_at = now()
      WHERE started_at = (SELECT max(started_at) FROM _prisma_migrations) RETURNING migration_name AS name`);
    expect(await backup(database, older)).toMatchObject({ code: 0 });
    const { code, stderr } = await restore(database, older, '--replace');
    expect(code).toBe(0);
    expect(stderr).toContain(last?.['name']);
  });

  it('is not for the role that Steward connects as', async () => {
    const notAllowed = /The role steward_app (may not read|does not own) .*steward_owner/;
    await expectUntouched(async () => {
      await expectRefused(['backup', path.join(folder, 'not.backup')], notAllowed, database.env);
      await expectRefused(['restore', '--replace', file], notAllowed, database.env);
    });
  });

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
    ['a migration is under way', `SELECT pg_advisory_lock(${MIGRATION_LOCK})`, /Try again/],
  ])('changes nothing where %s', async (_, statements, message) => {
    await database.query(statements);
    await expectRestoreRefused(message);
  });

  it('is not offered to take the place of tables of others', async () => {
    await database.query(`CREATE TABLE stranger (); ALTER TABLE stranger OWNER TO ${OWNER}`);
    await expectUntouched(() =>
      expectRefused(['restore', file], /holds what the backup does not: stranger\./),
    );
  });

  it('that is cut short inside, although its seal is right, changes nothing', async () => {
    const bytes = await readFile(file);
    const content = bytes.subarray(0, bytes.lastIndexOf('\nSTEWARD-BACKUP') - 3000);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const forged = path.join(folder, 'forged.backup');
    await writeFile(forged, Buffer.concat([content, Buffer.from(`\nSTEWARD-BACKUP 1 server ${sha256}\n`)]));
    await expectRestoreRefused(/pg_restore failed: /, forged);
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

  it('is made of and restored into the database of the URL, whatever the environment says', () => {
    const misleading = { PGSERVICE: 'elsewhere', PGHOSTADDR: '192.0.2.1', PGOPTIONS: '-c search_path=other' };
    const before = { ...process.env };
    Object.assign(process.env, misleading, { PGDATABASE: 'other', PGHOST: 'other', PGPASSFILE: '/kept' });
    const env = connectionEnvironment('postgresql://ann@db.example.com/staff');
    process.env = before;
    expect(env).toMatchObject({ PGHOST: 'db.example.com', PGUSER: 'ann', PGDATABASE: 'staff' });
    expect(env).toMatchObject({ PGPORT: '5432', PGPASSFILE: '/kept' });
    for (const name of Object.keys(misleading)) expect(env).not.toHaveProperty(name);
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
    expect(connectionEnvironment(readable(url))['PGSSLMODE']).toBe(mode);
  });

  it('is not made of a database that holds no directory', async () => {
    await database.query('ALTER TABLE users RENAME TO others');
    const none = path.join(folder, 'none.backup');
    await expectRefused(['backup', none], /There is no directory in this database.*Is DATABASE_URL right\?/);
    await expect(readFile(none)).rejects.toThrow('ENOENT');
  });

  it('is refused with programs older than the server, and says which are needed', async () => {
    const env = { ...asOwner(database), POSTGRES_BIN_DIR: await programs(folder, '9.6.24', 'exit 1') };
    const needed =
      /needs pg_.* of version \d+ or newer; the newest one found is of version 9 .*POSTGRES_BIN_DIR/;
    await expectRefused(['backup', path.join(folder, 'old.backup')], needed, env);
    await expectRefused(['restore', '--replace', file], needed, env);
    const nowhere = { ...env, POSTGRES_BIN_DIR: path.join(folder, 'nowhere') };
    await expectRefused(['backup', path.join(folder, 'old.backup')], /none was found/, nowhere);
  });

  it('leaves no file where a program fails after it wrote something', async () => {
    const bin = await programs(folder, '99.1', 'echo some of it; echo "the disk is on fire" >&2; exit 3');
    const half = path.join(folder, 'half.backup');
    const env = { ...asOwner(database), POSTGRES_BIN_DIR: bin };
    await expectRefused(['backup', half], /pg_dump failed: the disk is on fire/, env);
    await expect(readFile(half)).rejects.toThrow('ENOENT');
  });

  it('hands the password over where nobody can see it', async () => {
    const seen = path.join(folder, 'seen');
    const bin = await programs(
      folder,
      '99.1',
      `echo "$0 $@ $(echo "$PGPASSWORD" | wc -c)" >> "${seen}"; exec "${POSTGRES_BIN}/$(basename "$0")" "$@"`,
    );
    const url = new URL(asOwner(database)['DATABASE_URL'] as string);
    url.password = "it's secret";
    const env = { DATABASE_URL: url.href, POSTGRES_BIN_DIR: bin };
    const made = path.join(folder, 'watched.backup');
    const outputs = [
      await steward(['db', 'backup', made], env),
      await steward(['db', 'restore', '--replace', made], env),
    ];
    expect(outputs).toMatchObject([{ code: 0 }, { code: 0 }]);
    const commands = await readFile(seen, 'utf8');
    expect(commands).toMatch(/pg_dump .*--format=custom.* 12\n/);
    expect(commands).toMatch(/pg_restore .*--single-transaction.* 12\n/);
    for (const text of [commands, ...outputs.map(({ stderr }) => stderr)])
      expect(text).not.toMatch(/it('|%27)s/);
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
