import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, afterEach, expect, it, jest } from '@jest/globals';
import { backup, restore, said } from '../../support/backups.js';
import { bareEnvironment, MAIN, steward } from '../../support/command.mjs';
import { onEmbedded } from '../../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { currentLock, hostPid } from '../../support/embedded-host.js';
import { eventually } from '../../support/eventually.js';
import { startSteward } from '../../support/steward.js';
import { RUN_DIR } from '../../support/template.mjs';

// PGlite is opened several times in each of them, which a busy machine takes its time for.
jest.setTimeout(180_000);

onEmbedded('a backup of the embedded database (not on a server)', () => {
  let folder: string;
  /** Of a database with one user more than the sample has. */
  let file: string;
  let database: TestDatabase;
  let dataDir: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(RUN_DIR, 'backup-'));
    file = path.join(folder, 'one.backup');
    const source = await freshDatabase();
    await source.query(`INSERT INTO users (username, email) VALUES ('backed_up', 'backed.up@example.com')`);
    const { code, stderr } = await backup(source, file);
    if (code !== 0) throw new Error(stderr);
    await source.drop();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    database = await freshDatabase();
    dataDir = database.env['STEWARD_DATA_DIR'] as string;
  });
  afterEach(() => database.drop());

  const backedUp = async () =>
    (await database.query(`SELECT FROM users WHERE username = 'backed_up'`)).length === 1;
  const whole = async () => {
    const [counts] = await database.query(
      'SELECT count(*)::int AS users, (SELECT sum(users)::int FROM headcounts) AS counted FROM users',
    );
    const leftovers = (await readdir(dataDir)).filter((name) => name.startsWith('pgdata.'));
    return { ...counts, leftovers };
  };
  const spawnSteward = (...args: string[]) =>
    spawn(process.execPath, [MAIN, 'db', ...args], {
      env: bareEnvironment({ ...database.env, TMPDIR: folder }),
    });

  const snapshot = async () => (await readdir(dataDir, { recursive: true })).toSorted();
  const pgdata = (name: string) => path.join(dataDir, 'pgdata', name);

  it('is made and is whole while others write', async () => {
    const writer = await startSteward({ database, env: { RATE_LIMIT_PER_MINUTE: '100000' } });
    const written: number[] = [];
    const stop = new AbortController();
    const writing = (async () => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        const { data, error } = await writer.call('create_user', {
          username: `w_${n}`,
          email: `w_${n}@example.com`,
        });
        if (error === undefined) written.push(data.user.id);
      }
    })();
    await eventually(() => written.length >= 5, 60_000);
    const before = written.length;
    const live = path.join(folder, 'live.backup');
    expect(await backup(database, live)).toMatchObject({ code: 0 });
    stop.abort();
    await writing;
    await writer.stop();
    await database.disconnect();
    expect(await restore(database, live, '--replace')).toMatchObject({ code: 0 });
    const kept = await database.query<{ id: number }>('SELECT id FROM users ORDER BY id');
    const ids = kept.map(({ id }) => id).filter((id) => written.includes(id));
    expect(ids.length).toBeGreaterThanOrEqual(before);
    expect(ids).toEqual(written.slice(0, ids.length));
    expect(await whole()).toMatchObject({ users: kept.length, counted: kept.length });
  });

  it('is not restored under a Steward that uses the database, which goes on', async () => {
    const user = await startSteward({ database });
    const { code, stderr } = await restore(database, file, '--replace');
    expect(code).toBe(1);
    expect(stderr).toMatch(/is in use \(process \d+\)\. Close every MCP client.*Nothing was changed\./);
    expect((await user.call('get_user', { id: 1 })).error).toBeUndefined();
    await user.stop();
    expect(await backedUp()).toBe(false);
  });

  it('is not restored under a Steward of another version', async () => {
    const user = await startSteward({ database });
    expect((await user.call('get_user', { id: 1 })).error).toBeUndefined();
    const lock = await currentLock(dataDir);
    const owner = await readFile(lock, 'utf8');
    await writeFile(lock, owner.replace(/"protocol":\d+/, '"protocol":0'));
    const { code, stderr } = await restore(database, file, '--replace');
    await writeFile(lock, owner);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Another version of Steward uses the embedded database/),
    });
    expect((await user.call('get_user', { id: 1 })).error).toBeUndefined();
    await user.stop();
    expect(await backedUp()).toBe(false);
  });

  it('is restored as soon as a slow host has noticed that its last user is gone', async () => {
    const user = await startSteward({ database });
    expect((await user.call('get_user', { id: 1 })).error).toBeUndefined();
    const host = (await hostPid(dataDir)) as number;
    process.kill(host, 'SIGSTOP');
    await user.stop();
    const restoring = restore(database, file, '--replace');
    await delay(2000);
    process.kill(host, 'SIGCONT');
    expect(await restoring).toMatchObject({ code: 0 });
    expect(await backedUp()).toBe(true);
  });

  it('lets a Steward that starts during the restore wait, and serve what was restored', async () => {
    const child = spawnSteward('restore', '--replace', file);
    await said(child.stderr, /unpacking/);
    const [waiting] = await Promise.all([
      startSteward({ database, env: { CALL_DEADLINE_MS: '50000' } }),
      once(child, 'exit'),
    ]);
    expect((await waiting.call('get_user', { username: 'backed_up' })).error).toBeUndefined();
    await waiting.stop();
  });

  it.each(['unpacking', 'replacing the database', 'restored'])(
    'killed at "%s" leaves the former database or the restored one, whole',
    async (moment) => {
      const child = spawnSteward('restore', '--replace', file);
      await said(child.stderr, new RegExp(moment));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const restored = await backedUp();
      const users = restored ? 193 : 192;
      expect(await whole()).toEqual({ users, counted: users, leftovers: [] });
      if (moment === 'unpacking') expect(restored).toBe(false);
    },
  );

  it.each([
    ['before the former one was moved away', async () => {}],
    [
      'between the two renames',
      () => rename(path.join(dataDir, 'pgdata'), path.join(dataDir, 'pgdata.old-1')),
    ],
  ])('whose restore was killed %s is put into place by the next start', async (_, killedAfter) => {
    const other = await freshDatabase();
    const otherDir = other.env['STEWARD_DATA_DIR'] as string;
    expect(await restore(other, file, '--replace')).toMatchObject({ code: 0 });
    await cp(path.join(otherDir, 'pgdata'), path.join(dataDir, 'pgdata.replacement'), { recursive: true });
    await other.drop();
    await killedAfter();
    expect(await backedUp()).toBe(true);
    expect(await whole()).toEqual({ users: 193, counted: 193, leftovers: [] });
  });

  it.each([
    ['no archive', Buffer.from('not an archive'), /holds no archive: .*Nothing was changed\./],
    ['an empty archive', gzipSync(Buffer.alloc(1024)), /cannot be opened: .*Nothing was changed\./],
  ])('that holds %s, although its seal is right, changes nothing', async (_, content, says) => {
    const forged = path.join(folder, 'forged.backup');
    const sha256 = createHash('sha256').update(content).digest('hex');
    await writeFile(forged, Buffer.concat([content, Buffer.from(`\nSTEWARD-BACKUP 1 embedded ${sha256}\n`)]));
    const { code, stderr } = await restore(database, forged, '--replace');
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await whole()).toEqual({ users: 192, counted: 192, leftovers: [] });
  });

  it('takes the place of a database that can no longer be opened', async () => {
    await writeFile(path.join(dataDir, 'pgdata', 'PG_VERSION'), 'rubbish');
    expect((await steward(['doctor'], database.env)).stdout).toMatch(/FAIL/);
    expect(await restore(database, file, '--replace')).toMatchObject({ code: 0 });
    expect(await backedUp()).toBe(true);
  });

  it('takes the place of a database whose hosts, which its clients start again and again, cannot open it', async () => {
    const lock = await currentLock(dataDir);
    const owner = JSON.parse(await readFile(lock, 'utf8')) as { process: object };
    const run = path.join(dataDir, 'run');
    const control = path.join(run, '.s.PGSQL.10000');
    await mkdir(run, { recursive: true, mode: 0o700 });
    const refusal = Buffer.from('SFATAL\0C57P03\0Mcannot be opened\0\0');
    const header = Buffer.from([0x45, 0, 0, 0, refusal.length + 4]);
    const host = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.concat([header, refusal])));
    }).listen(control);
    const former = { ...owner.process, boot: 'former' };
    await writeFile(
      lock,
      JSON.stringify({ ...owner, process: former, folder: run, control, released: undefined }),
    );
    const restoring = restore(database, file, '--replace');
    await delay(8000);
    host.close();
    expect(await restoring).toMatchObject({ code: 0 });
    expect(await backedUp()).toBe(true);
  });

  const strangers: [string, () => Promise<unknown>, RegExp][] = [
    [
      'a database that Steward has never opened',
      async () => {
        for (const name of await readdir(dataDir))
          if (name !== 'pgdata') await rm(path.join(dataDir, name), { recursive: true });
      },
      /that Steward has never opened.*Nothing was changed/,
    ],
    [
      'one of another version of PostgreSQL',
      () => writeFile(pgdata('PG_VERSION'), '17\n'),
      /was written by PostgreSQL 17/,
    ],
    [
      "a running server's",
      () => writeFile(pgdata('postmaster.pid'), `${process.pid}\n${pgdata('')}\n`),
      /names process \d+: the database is that of a PostgreSQL server, which may be running/,
    ],
  ];
  it.each(strangers)('never takes the place of %s', async (_, make, says) => {
    await make();
    const before = await snapshot();
    const { code, stderr } = await restore(database, file, '--replace');
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await snapshot()).toEqual(before);
  });

  it('that is killed leaves a folder that only its user can enter, which the next start removes', async () => {
    const workshops = async () => (await readdir(dataDir)).filter((name) => name.startsWith('backup-'));
    const child = spawnSteward('backup', path.join(folder, 'killed.backup'));
    await said(child.stderr, /opening and packing/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [left = '', ...more] = await workshops();
    expect(more).toEqual([]);
    expect((await stat(path.join(dataDir, left))).mode & 0o777).toBe(0o700);
    expect((await readdir(folder)).filter((name) => name.startsWith('steward-backup-'))).toEqual([]);
    // The host that the killed one had started may be there for a moment longer.
    await eventually(async () => (await hostPid(dataDir)) === undefined);
    await database.query('SELECT 1');
    expect(await workshops()).toEqual([]);
  });

  it('overwrites nothing but a regular file', async () => {
    const link = path.join(folder, 'link.backup');
    await symlink(file, link);
    const { code, stderr } = await backup(database, link, '--overwrite');
    expect(code).toBe(1);
    expect(stderr).toContain(`${link} is no regular file`);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  it('needs a database to be made of, and makes none', async () => {
    const nowhere = path.join(folder, 'nowhere');
    const { code, stderr } = await steward(['db', 'backup', path.join(folder, 'none.backup')], {
      STEWARD_DATA_DIR: nowhere,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/There is no embedded database in .*nothing to back up/);
    expect(await readdir(folder)).not.toContain('nowhere');
    expect(await readdir(folder)).not.toContain('none.backup');
  });
});
