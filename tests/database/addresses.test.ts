import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bareEnvironment, prisma, ROOT, steward } from '../support/command.mjs';
import { onServerOfItsOwn } from '../support/conditions.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.mjs';
import { migrate } from '../support/migrate.mjs';
import { PostgresServer } from '../support/postgres-server.mjs';

const PASSWORD = 'p@ss/w:rd#%&+ ?';
const DATABASE = 'R&D, a/b #1?';
const encode = encodeURIComponent;

let server: PostgresServer;
let folder: string;
let backups = 0;

async function expectConnected(env: Record<string, string>): Promise<void> {
  const { stdout } = await steward(['doctor'], env);
  expect(stdout).toContain('ok   connection: PostgreSQL');
  expect(stdout).toContain('migrations: current');
  for (const secret of [PASSWORD, encode(PASSWORD)]) expect(stdout).not.toContain(secret);
}

/** Every reader of the address does its work. */
async function expectAllWork(env: Record<string, string>): Promise<void> {
  await expectConnected(env);
  expect(await prisma(['migrate', 'status'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('up to date'),
  });
  backups += 1;
  const backup = await steward(['db', 'backup', path.join(folder, `backup-${backups}`)], env);
  expect(backup).toMatchObject({ code: 0, stderr: expect.stringContaining('backed up') });
  expect(await askStudio(env)).toEqual([{ at: DATABASE }]);
  for (const secret of [PASSWORD, encode(PASSWORD)]) expect(backup.stderr).not.toContain(secret);
}

/** Which database Studio's own driver is connected to. */
async function askStudio(env: Record<string, string>): Promise<unknown> {
  const port = await freePort();
  const studio = spawn(
    process.execPath,
    ['node_modules/prisma/build/index.js', 'studio', '--browser', 'none', '--port', String(port)],
    { cwd: ROOT, env: bareEnvironment(env), stdio: 'ignore' },
  );
  const exited = once(studio, 'exit');
  try {
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/bff`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          procedure: 'query',
          query: { sql: 'SELECT current_database() AS at', parameters: [] },
        }),
      }).catch(() => undefined);
    const response = await eventually(ask, 20_000);
    const [, rows] = (await response.json()) as [unknown, unknown];
    return rows;
  } finally {
    studio.kill('SIGKILL');
    await exited;
  }
}

/** PostgreSQL runs the command as its own user, in its data folder. */
const runAtServer = (command: string) =>
  server.query(`COPY (SELECT 1) TO PROGRAM '${command.replaceAll("'", "''")}'`);

const writeAtServer = async (name: string, text: string | Buffer) =>
  runAtServer(`echo ${Buffer.from(text).toString('base64')} | base64 -d > ${name} && chmod 600 ${name}`);

const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

/** Makes an authority, and a certificate of it for the name localhost. */
function makeCertificates(): void {
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '3', '-subj', '/CN=localhost'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=authority');
  openssl('req', '-x509', ...key, '-keyout', 'other.key', '-out', 'other.crt', '-subj', '/CN=other');
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-addext', 'subjectAltName=DNS:localhost'];
  openssl('req', '-x509', ...key, '-keyout', 'server.key', '-out', 'server.crt', ...signed);
}

/** The address of the migrated database. */
const at = (host: string, parameters: string, role = 'secure') =>
  `postgresql://${role}:${encode(PASSWORD)}@${host}:${server.port}/${encode(DATABASE)}?${parameters}`;

const ca = () => path.join(folder, 'ca.crt');

/** `secure` may connect with TLS only, `plain` with or without. */
const HBA = `local all all scram-sha-256
hostssl all secure all scram-sha-256
hostnossl all secure all reject
host all all all scram-sha-256
`;

onServerOfItsOwn('an address', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-addresses-'));
    server = await PostgresServer.create();
    makeCertificates();
    await writeAtServer('server.crt', await readFile(path.join(folder, 'server.crt')));
    await writeAtServer('server.key', await readFile(path.join(folder, 'server.key')));
    await writeAtServer('pg_hba.conf', HBA);
    await server.query(`CREATE ROLE plain LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
    await server.query(`CREATE ROLE secure LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
    await server.query(`CREATE ROLE "us@er" LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
    await server.query(`CREATE DATABASE "${DATABASE}"`);
    await server.query('ALTER SYSTEM SET ssl = on');
    await server.query('SELECT pg_reload_conf()');
    const DATABASE_URL = `postgresql://plain:${encode(PASSWORD)}@127.0.0.1:${server.port}/${encode(DATABASE)}`;
    await migrate(DATABASE_URL);
  });

  afterAll(async () => {
    await server.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const password = encode(PASSWORD);
  const database = encode(DATABASE);

  it.each<[form: string, url: () => string]>([
    [
      'with names that need encoding',
      () => `postgresql://us%40er:${password}@127.0.0.1:${server.port}/${database}`,
    ],
    [
      'with no host but a folder, as libpq has it',
      () =>
        `postgresql://plain:${password}@/${database}?host=${path.dirname(server.dataDir)}&port=${server.port}`,
    ],
    [
      'with an encoded folder for a host',
      () =>
        `postgresql://plain:${password}@${encode(path.dirname(server.dataDir))}:${server.port}/${database}`,
    ],
    [
      'with everything in parameters',
      () =>
        `postgresql:///?user=plain&password=${password}&host=127.0.0.1&port=${server.port}&dbname=${database}`,
    ],
  ])('%s is read alike by all', (_, url) => expectAllWork({ DATABASE_URL: url() }));

  it.each([
    ['postgresql://[::1]:5432/name', 'postgresql://[::1]:5432/name'],
    ['postgresql://h/R&D', 'postgresql://h/R&D'],
    ['postgresql://u:pa,ss@h/db', 'postgresql://u:pa,ss@h/db'],
    ['postgresql://u@/db?host=/folder', 'postgresql://u@localhost/db?host=%2Ffolder'],
    ['postgresql://u@h/a?options=-c%20x%3Da+b', 'postgresql://u@h/a?options=-c%20x%3Da%2Bb'],
  ])('%s is printed for other programs as %s', async (DATABASE_URL, printed) => {
    expect((await steward(['database-url'], { DATABASE_URL })).stdout).toBe(`${printed}\n`);
  });

  it.each([
    ['postgresql://a:1,b:2/name', 'names several hosts: Steward connects to one'],
    ['postgresql:///name?host=a,b', 'names several hosts: Steward connects to one'],
    ['postgresql://a/name?hostaddr=10.0.0.1', 'must not have hostaddr'],
    ['postgresql:///name?service=other', 'must not have service'],
    ['postgresql://user:12#34@host/name', 'is not a valid URL'],
    ['postgresql://user:50%@host/name', 'is not a valid URL'],
    ['postgresql://real/name?host=fe80::1%25eth0', 'has a host that cannot be used'],
    ['postgresql://host/name?port=x', 'must have one port'],
    ['postgresql://host/name?sslmode=on', 'must have an sslmode of disable, '],
    ['postgresql://host/name?sslmode=verify-ca', 'must name the authority in sslrootcert'],
    [
      'postgresql://host/name?sslmode=require&sslrootcert=/none',
      'must name a file that can be read as sslrootcert',
    ],
  ])('%s is refused: %s', async (DATABASE_URL, says) => {
    const { code, stderr } = await steward(['doctor'], { DATABASE_URL });
    expect(code).toBe(1);
    expect(stderr).toContain(`  - DATABASE_URL ${says}`);
  });

  describe('with TLS', () => {
    it.each<[what: string, env: () => Record<string, string>]>([
      [
        'verify-full and a private authority',
        () => ({ DATABASE_URL: at('localhost', `sslmode=verify-full&sslrootcert=${ca()}`) }),
      ],
      [
        'the same from the environment',
        () => ({ DATABASE_URL: at('localhost', ''), PGSSLMODE: 'verify-full', PGSSLROOTCERT: ca() }),
      ],
      [
        'verify-ca, by another name',
        () => ({ DATABASE_URL: at('127.0.0.1', `sslmode=verify-ca&sslrootcert=${ca()}`) }),
      ],
      ['require, which checks nothing', () => ({ DATABASE_URL: at('127.0.0.1', 'sslmode=require') })],
    ])('%s, is read alike by all', (_, env) => expectAllWork(env()));

    it.each(['prefer', 'allow'])('%s is TLS where the server has it', (mode) =>
      expectConnected({ DATABASE_URL: at('127.0.0.1', `sslmode=${mode}`) }),
    );

    it.each<[what: string, url: () => string, remedy: RegExp]>([
      [
        'an unknown authority',
        () => at('localhost', 'sslmode=verify-full'),
        /certificate is signed by an authority that is not known here.*sslrootcert/,
      ],
      [
        'another authority, which require checks where it is named',
        () => at('localhost', `sslmode=require&sslrootcert=${path.join(folder, 'other.crt')}`),
        /certificate is signed by an authority that is not known here/,
      ],
      [
        'a certificate for another name',
        () => at('127.0.0.1', `sslmode=verify-full&sslrootcert=${ca()}`),
        /certificate is for another name/,
      ],
      [
        'a server that wants TLS',
        () => at('localhost', 'sslmode=disable'),
        /takes encrypted connections only/,
      ],
    ])('doctor and backup say what to do about %s', async (_, url, remedy) => {
      const env = { DATABASE_URL: url() };
      const { code, stdout } = await steward(['doctor'], env);
      expect(code).toBe(1);
      expect(stdout).toMatch(new RegExp(`FAIL {2}connection: .*\\n +→ .*${remedy.source}`));
      const backup = await steward(['db', 'backup', path.join(folder, 'refused')], env);
      expect(backup.code).toBe(1);
      expect(backup.stderr).toMatch(remedy);
      expect(backup.stderr).not.toMatch(/\n\s+at /);
    });

    it('goes on without it where the server has none and the mode is prefer, not where it is require', async () => {
      await server.query('ALTER SYSTEM SET ssl = off');
      await server.query('SELECT pg_reload_conf()');
      await eventually(async () => (await server.query('SHOW ssl'))[0]?.ssl === 'off');
      await expectAllWork({ DATABASE_URL: at('127.0.0.1', 'sslmode=prefer', 'plain') });
      const refused = await steward(['doctor'], {
        DATABASE_URL: at('127.0.0.1', 'sslmode=require', 'plain'),
      });
      expect(refused.stdout).toMatch(/FAIL {2}connection: .*\n +→ the server offers no TLS/);
    });
  });
});
