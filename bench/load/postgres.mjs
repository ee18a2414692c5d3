import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.mjs';

const DEBIAN = '/usr/lib/postgresql';
/** Short enough for the moment of the server's return to be known well, in milliseconds. */
const BETWEEN_TRIES_MS = 20;

/** A PostgreSQL of this test's own that keeps what it promised: fsync is on. Only this machine reaches it. */
export class Postgres {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;

  /** @param {string} bin @param {string} dir @param {number} port */
  constructor(bin, dir, port) {
    this.bin = bin;
    this.dir = dir;
    this.port = port;
  }

  /** @throws Error where PostgreSQL is not installed */
  static async create() {
    const bin = binaries();
    const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-load-'));
    const { uid, gid } = unprivileged();
    if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid);
    const args = [
      '-D',
      path.join(dir, 'data'),
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale',
      'C',
    ];
    execFileSync(path.join(bin, 'initdb'), args, { ...unprivileged(), cwd: dir, stdio: 'pipe' });
    const server = new Postgres(bin, dir, await freePort());
    await server.start();
    return server;
  }

  get url() {
    return `postgresql://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts the server, and resolves as soon as it answers. */
  async start() {
    const args = [
      '-D',
      path.join(this.dir, 'data'),
      '-k',
      this.dir,
      '-h',
      '127.0.0.1',
      '-p',
      String(this.port),
    ];
    const server = spawn(path.join(this.bin, 'postgres'), args, { ...unprivileged(), stdio: 'ignore' });
    this.#process = server;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (server.exitCode !== null) throw error;
        await setTimeout(BETWEEN_TRIES_MS);
      }
    }
  }

  /** As good as pulling the plug: no client hears a farewell, and the next start has to recover. */
  async stop() {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGQUIT');
    await exited;
  }

  /**
   * Runs a statement on a connection for that alone.
   * @param {string} sql
   * @returns {Promise<any[]>}
   */
  async query(sql) {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async destroy() {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}

function binaries() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [fromPgConfig(), ...versions.map((version) => path.join(DEBIAN, version, 'bin'))];
  const found = folders.find((folder) => existsSync(path.join(folder, 'initdb')));
  if (found === undefined)
    throw new Error('PostgreSQL is not installed here: there is no initdb to be found.');
  return found;
}

function fromPgConfig() {
  try {
    return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** PostgreSQL refuses to run as root. @returns {{ uid?: number, gid?: number }} */
function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}
