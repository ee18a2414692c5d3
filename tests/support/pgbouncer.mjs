import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.mjs';
import { queryOnce } from './postgres-server.mjs';
import { APP, OWNER } from './template.mjs';

/** Debian installs it where only administrators look. */
const PATH = `${process.env['PATH']}:/usr/sbin`;

/** Whether PgBouncer is installed here. */
export const PGBOUNCER_IS_HERE = spawnSync('pgbouncer', ['--version'], { env: { PATH } }).status === 0;

/** A PgBouncer of a test's own before a server, with two sessions of the server for any number of clients. */
export class PgBouncer {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  #dir;

  /** @private @param {string} dir @param {string} url */
  constructor(dir, url) {
    this.#dir = dir;
    this.url = url;
  }

  /** @param {string} url of a database @param {'session' | 'transaction' | 'statement'} mode */
  static async before(url, mode) {
    const server = new URL(url);
    const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-pgbouncer-'));
    const file = path.join(dir, 'pgbouncer.ini');
    const own = new URL(url);
    own.port = String(await freePort());
    const password = decodeURIComponent(server.password);
    const users = ['postgres', OWNER, APP, decodeURIComponent(server.username)];
    await writeFile(
      path.join(dir, 'users.txt'),
      [...new Set(users)].map((user) => `"${user}" "${password}"\n`).join(''),
    );
    await writeFile(
      file,
      `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own.port}
unix_socket_dir =
auth_type = trust
auth_file = ${path.join(dir, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${mode === 'session' ? 20 : 2}
`,
    );
    await chmod(dir, 0o755);
    const bouncer = new PgBouncer(dir, own.href);
    // It refuses to run as root.
    const args = process.getuid?.() === 0 ? ['-u', 'postgres', file] : [file];
    bouncer.#process = spawn('pgbouncer', args, { stdio: 'ignore', env: { PATH } });
    for (let tries = 0; ; tries += 1) {
      try {
        await queryOnce({ connectionString: own.href }, 'SELECT 1');
        return bouncer;
      } catch (error) {
        if (tries === 200 || bouncer.#process.exitCode !== null) throw error;
        await setTimeout(50);
      }
    }
  }

  async destroy() {
    if (this.#process?.exitCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await exited;
    }
    await rm(this.#dir, { recursive: true, force: true });
  }
}
