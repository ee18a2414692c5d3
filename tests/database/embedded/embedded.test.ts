import { readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { steward as command } from '../../support/command.mjs';
import { onEmbedded } from '../../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { currentLock, hostPid } from '../../support/embedded-host.js';
import { eventually } from '../../support/eventually.js';
import { told } from '../../support/log.js';
import { startSteward, type Steward } from '../../support/steward.js';

onEmbedded('the embedded database (not on a server)', () => {
  let database: TestDatabase;
  let dataDir: string;
  let running: Steward[] = [];

  beforeEach(async () => {
    database = await freshDatabase();
    dataDir = database.env['STEWARD_DATA_DIR'] as string;
  });
  afterEach(async () => {
    await Promise.all(running.map((steward) => steward.stop()));
    running = [];
    await database.drop();
  });

  const start = async () => {
    const env = { CALL_DEADLINE_MS: '50000', RATE_LIMIT_PER_MINUTE: '100000' };
    const steward = await startSteward({ database, env });
    running.push(steward);
    return steward;
  };

  it('is created, migrated and seeded once by two servers that start at once, and shared by them', async () => {
    await rm(dataDir, { recursive: true });
    const [one, two] = await Promise.all([start(), start()]);
    expect(await total(one)).toBeGreaterThan(150);
    expect(await create(one, 'first_one')).toBeUndefined();
    expect(await create(two, 'first_one')).toBe('CONFLICT');
    expect(await total(one)).toBe(await total(two));
    const both = { stderr: () => one.stderr() + two.stderr() };
    for (const step of ['creating', 'migrating', 'seeded']) await told(both, step);
  });

  it('says to a first call that it is being created, and when to try again', async () => {
    await rm(dataDir, { recursive: true });
    const limits = ['DB_ACQUIRE_TIMEOUT_MS', 'DB_STATEMENT_TIMEOUT_MS', 'DB_LOCK_TIMEOUT_MS'];
    const steward = await startSteward({
      database,
      env: { CALL_DEADLINE_MS: '500', ...Object.fromEntries(limits.map((name) => [name, '400'])) },
    });
    running.push(steward);
    expect((await steward.call('list_departments')).text).toMatch(
      /^DATABASE_UNAVAILABLE: The embedded database is being created .*Try again in a few seconds\.$/,
    );
    // One that gives a call more time waits for it.
    expect(await total(await start())).toBeGreaterThan(150);
    await told(steward, 'creating');
  });

  it('survives a kill at any moment of its first start', async () => {
    await rm(dataDir, { recursive: true });
    for (const moment of ['creating', 'migrating', 'seeded', 'connected']) {
      const killed = await start();
      // A kill that comes late, on a busy machine, leaves nothing of the next moment to do.
      while (![moment, 'connected'].some((text) => killed.stderr().includes(text))) await delay(5);
      process.kill(killed.pid, 'SIGKILL');
    }
    const next = await start();
    expect(await total(next)).toBeGreaterThan(150);
  });

  it('leaves nothing half-written when its process is killed while it is created, and the next creates it', async () => {
    await rm(dataDir, { recursive: true });
    const steward = await start();
    const killed: string[] = [];
    for (const files of [1, 100, 300]) {
      const aside = await eventually(async () => {
        const names = (await asides(dataDir)).filter((name) => !killed.includes(name));
        for (const name of names) if ((await countFiles(path.join(dataDir, name))) >= files) return name;
        return undefined;
      });
      process.kill((await hostPid(dataDir)) ?? 0, 'SIGKILL');
      killed.push(aside);
      expect(await readdir(dataDir)).not.toContain('pgdata');
    }
    expect(await total(steward)).toBeGreaterThan(150);
    expect((await readdir(dataDir)).filter((name) => name.startsWith('pgdata'))).toEqual(['pgdata']);
  });

  it('goes on for the second server when the first one ends or is killed', async () => {
    const [first, second, third] = [await start(), await start(), await start()];
    expect(await create(first, 'by_first')).toBeUndefined();
    await first.stop();
    expect(await create(second, 'by_second')).toBeUndefined();
    process.kill(second.pid, 'SIGKILL');
    expect(await create(third, 'by_third')).toBeUndefined();
    expect((await third.call('get_user', { username: 'by_second' })).error).toBeUndefined();
  });

  it('comes back by itself, with everything acknowledged, when its process is killed', async () => {
    const [one, two] = [await start(), await start()];
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const writing = Array.from({ length: 30 }, async (_, index) => {
        const name = `round_${round}_${index}`;
        if ((await create(index % 2 ? one : two, name)) === undefined) acknowledged.push(name);
      });
      const enough = acknowledged.length + 3 * (round + 1);
      while (acknowledged.length < enough) await delay(2);
      process.kill((await hostPid(dataDir)) ?? 0, 'SIGKILL');
      await Promise.all(writing);
      await servesAgain(one);
      await servesAgain(two);
    }
    for (const username of acknowledged) {
      expect(await one.call('get_user', { username })).toMatchObject({ error: undefined });
    }
  });

  it('is refused, politely, while a Steward of another version uses it', async () => {
    await total(await start());
    const lock = await currentLock(dataDir);
    const owner = JSON.parse(await readFile(lock, 'utf8')) as { protocol: number };
    await writeFile(lock, JSON.stringify({ ...owner, protocol: owner.protocol - 1 }));
    const { code, stderr } = await command(['database-url'], { STEWARD_DATA_DIR: dataDir });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Another version of Steward uses the embedded database \(process \d+\)\. Close it/,
    );
    await writeFile(lock, JSON.stringify(owner));
  });

  it('of a host that has frozen is refused after 45 s, with what to do, and served when it thaws', async () => {
    const steward = await start();
    await total(steward);
    const host = (await hostPid(dataDir)) as number;
    process.kill(host, 'SIGSTOP');
    const { code, stderr } = await command(['database-url'], { STEWARD_DATA_DIR: dataDir });
    process.kill(host, 'SIGCONT');
    expect(code).toBe(1);
    expect(stderr).toContain(`has not answered for 45 s: it is busy or frozen. Wait and try again`);
    expect(stderr).toContain(`"kill -9 ${host}"`);
    expect(await total(steward)).toBeGreaterThan(150);
  }, 120_000);

  it('can be entered by its owner only and by no network, leaves when the last server has left, and is ready for the next', async () => {
    const steward = await start();
    await create(steward, 'last_words');
    expect((await stat(path.join(dataDir, 'run'))).mode & 0o077).toBe(0);
    expect(await networkSockets((await hostPid(dataDir)) as number)).toEqual([]);
    await steward.stop();
    await eventually(async () => (await hostPid(dataDir)) === undefined);
    const next = await start();
    expect((await next.call('get_user', { username: 'last_words' })).error).toBeUndefined();
  });
});

/** Data folders that are not complete. */
const asides = async (dataDir: string) =>
  (await readdir(dataDir).catch(() => [])).filter((name) => name.startsWith('pgdata.new-'));

const countFiles = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) =>
    entry.isFile(),
  ).length;

/** The sockets of a process, as /proc has them, that are TCP's or UDP's. */
async function networkSockets(pid: number): Promise<string[]> {
  const files = (await readdir(`/proc/${pid}/fd`)).map((file) => readlink(`/proc/${pid}/fd/${file}`));
  const sockets = (await Promise.all(files)).flatMap((file) => /^socket:\[(\d+)\]/.exec(file)?.[1] ?? []);
  expect(sockets).not.toEqual([]);
  const tables = ['tcp', 'tcp6', 'udp', 'udp6'].map((kind) => readFile(`/proc/net/${kind}`, 'utf8'));
  const lines = (await Promise.all(tables)).join('').split('\n');
  return lines.filter((line) => sockets.includes(line.trim().split(/\s+/)[9] ?? ''));
}

const create = async (steward: Steward, name: string) => {
  const { error } = await steward.call('create_user', { username: name, email: `${name}@example.com` });
  return error;
};
const total = async (steward: Steward) => (await steward.call('find_users')).data.total;

const servesAgain = (steward: Steward) =>
  eventually(async () => (await steward.call('list_recent_users')).error === undefined);
