import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { asOwner, backup, everything, restore, said } from '../../support/backups.js';
import { bareEnvironment, MAIN, prisma, ROOT, steward } from '../../support/command.mjs';
import { brokenRules, census } from '../../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { POSTGRES_BIN } from '../../support/postgres-server.mjs';
import { startSteward, type Steward } from '../../support/steward.js';
import { RUN_DIR, SERVER_URL } from '../../support/template.mjs';

// PGlite is opened several times in each of them, which a busy machine takes its time for.
jest.setTimeout(180_000);

const onServer = SERVER_URL !== undefined;
const why = onServer && POSTGRES_BIN === undefined && "PostgreSQL's programs are not installed here";
const withPrograms = why ? describe.skip : describe;

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(RUN_DIR, 'backup-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One of each kind of row. */
async function work(client: Steward): Promise<number> {
  const { data } = await client.call('create_user', { username: 'kept_one', email: 'kept@example.com' });
  await client.call('create_department', { name: 'Kept' });
  await client.call('transfer_user', { user_id: data.user.id, new_department: 'Kept' });
  await client.call('update_user_preferences', { user_id: data.user.id, preferences: { kept: ['é', 1.5] } });
  await client.call('set_user_active', { user_id: 3, active: false });
  return data.user.id;
}

/** Loses the database altogether, and makes ready what docs/backups.md asks for before a restore. */
async function wipe(database: TestDatabase): Promise<void> {
  const dataDir = database.env['STEWARD_DATA_DIR'];
  if (dataDir !== undefined) return rm(dataDir, { recursive: true, maxRetries: 40, retryDelay: 250 });
  await database.query('DROP SCHEMA public CASCADE');
  await database.query('CREATE SCHEMA public');
  const { code, stderr } = await prisma(
    ['db', 'execute', '--file', 'prisma/roles.sql'],
    database.administration,
  );
  if (code !== 0) throw new Error(stderr);
}

withPrograms(`a backup${why ? ` (skipped: ${why})` : ''}`, () => {
  it('brings every row of every table back after the database was lost, and ids go on where they were', async () => {
    const file = path.join(folder, 'whole.backup');
    const database = await freshDatabase();
    const client = await startSteward({ database });
    const lastId = await work(client);
    const before = await everything(database);
    expect(await backup(database, file)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining(`backed up to ${file} (`),
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await partials()).toEqual([]);
    await client.stop();
    await database.disconnect();
    await wipe(database);

    const restored = await restore(database, file);
    expect(restored).toMatchObject({ code: 0, stdout: '' });
    expect(restored.stderr).toContain(`users ${before['users']?.length}`);
    expect(await everything(database)).toEqual(before);
    expect(await brokenRules(database)).toEqual({});
    const next = await startSteward({ database });
    const { data } = await next.call('create_user', { username: 'next', email: 'next@example.com' });
    expect(data.user.id).toBe(lastId + 1);
    expect((await next.call('set_user_role', { user_id: lastId, role: 'Restored' })).error).toBeUndefined();
    expect(await brokenRules(database)).toEqual({});
    await next.stop();
    await database.drop();
  });

  it('never replaces a file unless it is told to, and says why it cannot be written', async () => {
    const database = await freshDatabase();
    const file = path.join(folder, 'there.backup');
    await writeFile(file, 'something of value');
    await expectRefused(backup(database, file), /exists already.*--overwrite/);
    expect(await readFile(file, 'utf8')).toBe('something of value');
    expect(await backup(database, file, '--overwrite')).toMatchObject({ code: 0 });
    expect((await stat(file)).size).toBeGreaterThan(1000);
    const nowhere = path.join(folder, 'no', 'such', 'folder.backup');
    await expectRefused(backup(database, nowhere), /^The backup cannot be written: ENOENT/m);
    await database.drop();
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'that %s ends half-way leaves no file of its name',
    async (signal) => {
      const database = await freshDatabase();
      const file = path.join(folder, `${signal}.backup`);
      // A dump waits for the table. The embedded database would wait for the end of the transaction before it begins a copy,
      // which takes long enough by itself.
      const isDumped = database.administration['DATABASE_URL'] !== undefined;
      if (isDumped) {
        await database.query('BEGIN');
        await database.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
      }
      const child = spawn(process.execPath, [MAIN, 'db', 'backup', file], {
        env: bareEnvironment(asOwner(database)),
      });
      await said(child.stderr, /dumping the database|copying the data folder/);
      child.kill(signal);
      await once(child, 'exit');
      if (isDumped) await database.query('ROLLBACK');
      expect(await readdir(folder)).not.toContain(path.basename(file));
      if (signal === 'SIGTERM') expect(await partials()).toEqual([]);
      expect(await backup(database, file)).toMatchObject({ code: 0 });
      await database.drop();
    },
  );
});

withPrograms('the script of docs/backups.md', () => {
  it('makes a backup a run, keeps the 14 newest, and removes none when it could not make one', async () => {
    const database = await freshDatabase();
    const text = await readFile(path.join(ROOT, 'docs', 'backups.md'), 'utf8');
    const [, script = ''] = /```sh\n(#!\/bin\/sh\n.*?)```/s.exec(text) ?? [];
    const bin = path.join(folder, 'bin');
    const kept = path.join(folder, 'kept');
    await Promise.all([mkdir(bin), mkdir(kept)]);
    const shim = `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`;
    await writeFile(path.join(bin, 'steward'), shim, { mode: 0o755 });
    await writeFile(path.join(bin, 'steward-backup'), script, { mode: 0o755 });
    const former = Array.from({ length: 16 }, (_, day) => `staff-202001${String(day + 10)}T031500Z.backup`);
    for (const name of former) await writeFile(path.join(kept, name), '');
    const runScript = async (env: Record<string, string>) => {
      const child = spawn(path.join(bin, 'steward-backup'), {
        env: bareEnvironment({ ...env, BACKUP_FOLDER: kept, PATH: `${bin}:${process.env['PATH']}` }),
        stdio: 'ignore',
      });
      return (await once(child, 'exit'))[0] as number;
    };
    expect(await runScript({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nowhere' })).toBe(1);
    expect((await readdir(kept)).toSorted()).toEqual(former);

    expect(await runScript(asOwner(database))).toBe(0);
    const names = (await readdir(kept)).toSorted();
    expect(names.slice(0, 13)).toEqual(former.slice(3));
    expect(names).toHaveLength(14);
    expect(names[13]).toMatch(/^staff-20(2[1-9]|[3-9]\d)\d{4}T\d{6}Z\.backup$/);
    await database.drop();
  });
});

withPrograms('a restore', () => {
  let database: TestDatabase;
  let good: string;
  let bytes: Buffer;

  beforeAll(async () => {
    database = await freshDatabase();
    good = path.join(folder, 'good.backup');
    const { code, stderr } = await backup(database, good);
    if (code !== 0) throw new Error(stderr);
    bytes = await readFile(good);
  });
  afterAll(() => database.drop());

  const flipped = (at: number) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return copy;
  };
  const damages: [string, () => Buffer | string][] = [
    ['an empty file', () => ''],
    ['a text file', () => 'SELECT 1;\n'.repeat(100)],
    ['one byte short', () => bytes.subarray(0, -1)],
    ['followed by another byte', () => Buffer.concat([bytes, Buffer.of(0)])],
    ['with a byte in the middle changed', () => flipped(Math.floor(bytes.length / 2))],
    ['with a byte of its seal changed', () => flipped(bytes.length - 20)],
  ];

  it.each(damages)('refuses %s before anything is touched', async (_, damaged) => {
    const file = path.join(folder, 'damaged.backup');
    await writeFile(file, damaged());
    const restored = onNone(['restore', '--replace', file], onServer ? 'server' : 'embedded');
    await expectRefused(restored, /is not a whole backup of Steward's|was altered or damaged/);
    expect(await readdir(folder)).not.toContain('nowhere');
  });

  it('refuses the backup of the other kind of database', () =>
    expectRefused(
      onNone(['restore', good], onServer ? 'embedded' : 'server'),
      /is a backup of (a PostgreSQL server|an embedded database), and .*\. Nothing was/,
    ));

  it('refuses to take the place of what is there unless it is told to', async () => {
    const before = await census(database);
    await database.disconnect();
    await expectRefused(restore(database, good), /--replace.* Nothing was changed\./);
    expect(await census(database)).toEqual(before);
  });
});

/** Runs a command on a database that cannot be reached: it is not even asked. */
const onNone = (command: string[], kind: 'server' | 'embedded') =>
  steward(
    ['db', ...command],
    kind === 'server'
      ? { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nowhere' }
      : { STEWARD_DATA_DIR: path.join(folder, 'nowhere') },
  );

async function expectRefused(command: ReturnType<typeof steward>, message: RegExp): Promise<void> {
  const { code, stderr } = await command;
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) });
  expect(stderr).not.toMatch(/\n\s+at /);
}

/** Half-written files of backups. */
const partials = async () => (await readdir(folder)).filter((name) => name.endsWith('.partial'));
