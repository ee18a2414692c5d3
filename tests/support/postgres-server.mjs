import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.mjs';

/** The folder of the installed PostgreSQL's programs, of Debian's the newest; undefined if there is none. */
export const POSTGRES_BIN = spawnSync(
  'sh',
  ['-c', 'pg_config --bindir; ls -d /usr/lib/postgresql/*/bin | sort --reverse --version-sort'],
  { encoding: 'utf8' },
)
  .stdout.split('\n')
  .find((dir) => existsSync(path.join(dir, 'initdb')));

const PASSWORD = 'outage test/secret';
/** Short enough for the moment of the server's return to be known well, in milliseconds. */
const BETWEEN_TRIES_MS = 20;
const START_WITHIN_MS = 20_000;

/** A PostgreSQL server of a test's own, to be stopped, frozen and started again at will. Reachable from here only. */
export class PostgresServer {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  #dir;
  #settings;

  /** @private @param {string} dir @param {number} port @param {string[]} settings */
  constructor(dir, port, settings) {
    this.#dir = dir;
    this.port = port;
    this.#settings = settings;
  }

  /** @param {string[]} settings @param {string} [under] the folder that its own is made in */
  static async #make(settings, under = os.tmpdir()) {
    const dir = await mkdtemp(path.join(under, 'steward-pg-'));
    const { uid, gid } = unprivileged();
    if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid);
    return new PostgresServer(dir, await freePort(), settings);
  }

  /**
   * Makes one and starts it, with settings as in postgresql.conf. Unless they say otherwise, it need not survive a crash
   * of the machine: `fsync` is off.
   * @param {Record<string, string | number>} settings
   */
  static async create(settings = {}) {
    const server = await PostgresServer.#make(asArguments({ fsync: 'off', ...settings }));
    const passwordFile = path.join(server.#dir, 'password');
    await writeFile(passwordFile, PASSWORD);
    const options = '-U postgres -A scram-sha-256 -E UTF8 --locale C.UTF-8 --no-sync'.split(' ');
    server.#run('initdb', '-D', server.dataDir, '--pwfile', passwordFile, ...options);
    await server.start();
    return server;
  }

  /**
   * Starts a server on a copy of the data folder of another one, which must be stopped.
   * @param {string} dataDir
   * @param {{ under?: string, settings: Record<string, string | number> }} options
   */
  static async copyOf(dataDir, { under, settings }) {
    const server = await PostgresServer.#make(asArguments(settings), under);
    execFileSync('cp', ['-a', dataDir, server.dataDir], { stdio: 'pipe' });
    await server.start();
    return server;
  }

  /** A streaming replica of this server, up and following it. */
  async replica() {
    const replica = await PostgresServer.#make(this.#settings);
    replica.#run('pg_basebackup', '-d', this.url(), '-D', replica.dataDir, '-c', 'fast', '-R', '--no-sync');
    await replica.start();
    return replica;
  }

  url(database = 'postgres', { user = 'postgres', password = PASSWORD } = {}) {
    return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts the server and waits until it answers. */
  async start() {
    const address = ['-k', this.#dir, '-h', '127.0.0.1', '-p', String(this.port)];
    const args = ['-D', this.dataDir, ...address, ...this.#settings];
    this.#process = spawn(path.join(POSTGRES_BIN ?? '', 'postgres'), args, {
      ...unprivileged(),
      stdio: 'ignore',
    });
    const giveUp = Date.now() + START_WITHIN_MS;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (Date.now() > giveUp || this.#process.exitCode !== null) throw error;
        await setTimeout(BETWEEN_TRIES_MS);
      }
    }
  }

  /**
   * `immediate` is as good as pulling the plug: no client hears a farewell, and the next start has to recover.
   * @param {'immediate' | 'fast'} mode
   */
  async stop(mode = 'immediate') {
    await this.#end(mode === 'immediate' ? 'SIGQUIT' : 'SIGINT');
  }

  /** Kills every process of the server at once, as the loss of its machine would. */
  async kill() {
    await this.#end('SIGKILL', this.#backends());
  }

  /** @param {NodeJS.Signals} signal @param {number[]} backends which get it as well */
  async #end(signal, backends = []) {
    if (!this.#process || !this.running) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill(signal);
    backends.forEach((pid) => signalIfThere(pid, signal));
    await exited;
  }

  /** Whether it has not ended, by itself or because it was told to. */
  get running() {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }

  /** Stops every process of the server where it stands: connections stay open, and no query is answered. */
  freeze() {
    const postmaster = /** @type {number} */ (this.#process?.pid);
    process.kill(postmaster, 'SIGSTOP');
    this.#backends().forEach((pid) => process.kill(pid, 'SIGSTOP'));
  }

  thaw() {
    // A frozen one stays where it is; one that was not may end meanwhile.
    for (const pid of [...this.#backends(), /** @type {number} */ (this.#process?.pid)])
      signalIfThere(pid, 'SIGCONT');
  }

  /**
   * Runs SQL as the superuser, on a connection for that alone.
   * @template [Row=any]
   * @param {string} sql
   * @returns {Promise<Row[]>}
   */
  query(sql, database = 'postgres') {
    return queryOnce({ connectionString: this.url(database), connectionTimeoutMillis: 5000 }, sql);
  }

  async destroy() {
    if (this.running) this.thaw();
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  get dataDir() {
    return path.join(this.#dir, 'data');
  }

  /** @param {string} program @param {string[]} args */
  #run(program, ...args) {
    const options = /** @type {const} */ ({ ...unprivileged(), cwd: this.#dir, stdio: 'pipe' });
    execFileSync(path.join(POSTGRES_BIN ?? '', program), args, options);
  }

  #backends() {
    const pid = this.#process?.pid;
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  }
}

/**
 * Runs SQL on a connection for that alone.
 * @param {pg.ClientConfig} server
 * @param {string} sql
 */
export async function queryOnce(server, sql) {
  const client = new pg.Client(server);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalIfThere(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {Record<string, string | number>} settings */
function asArguments(settings) {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** PostgreSQL refuses to run as root. @returns {{ uid?: number, gid?: number }} */
function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}
