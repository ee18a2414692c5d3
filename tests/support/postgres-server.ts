import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';

/** Where the installed PostgreSQL keeps its binaries; undefined where there is none. */
export const POSTGRES_BIN = [fromPgConfig(), ...fromDebian()].find((dir) =>
  existsSync(path.join(dir, 'initdb')),
);

const PASSWORD = 'outage test/secret';

/** A PostgreSQL server of a test's own, to be stopped, frozen and started again at will. Reachable from here only. */
export class PostgresServer {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly dir: string,
    readonly port: number,
    private readonly settings: string[],
  ) {}

  static async create(settings: Record<string, string | number> = {}): Promise<PostgresServer> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-pg-'));
    const passwordFile = path.join(dir, 'password');
    await writeFile(passwordFile, PASSWORD);
    const { uid, gid } = unprivileged();
    if (uid !== undefined && gid !== undefined) {
      await chown(dir, uid, gid);
      await chown(passwordFile, uid, gid);
    }
    const server = new PostgresServer(
      dir,
      await freePort(),
      Object.entries({ fsync: 'off', ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    );
    server.#run(
      'initdb',
      '-D',
      server.#data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
      '--no-sync',
    );
    await server.start();
    return server;
  }

  /** A streaming replica of this server, up and following it. */
  async replica(): Promise<PostgresServer> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-pg-'));
    const { uid, gid } = unprivileged();
    if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid);
    const replica = new PostgresServer(dir, await freePort(), this.settings);
    replica.#run('pg_basebackup', '-d', this.url(), '-D', replica.#data, '-c', 'fast', '-R', '--no-sync');
    await replica.start();
    return replica;
  }

  url(database = 'postgres', { user = 'postgres', password = PASSWORD } = {}): string {
    return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts the server and waits until it answers. */
  async start(): Promise<void> {
    const args = [
      '-D',
      this.#data,
      '-k',
      this.dir,
      '-p',
      String(this.port),
      '-h',
      '127.0.0.1',
      ...this.settings,
    ];
    this.#process = spawn(this.#binary('postgres'), args, { ...unprivileged(), stdio: 'ignore' });
    for (let tries = 0; ; tries += 1) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (tries === 200 || this.#process.exitCode !== null) throw error;
        await setTimeout(100);
      }
    }
  }

  /** `immediate` is as good as pulling the plug: no client hears a farewell. */
  async stop(mode: 'immediate' | 'fast' = 'immediate'): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill(mode === 'immediate' ? 'SIGQUIT' : 'SIGINT');
    await exited;
  }

  /** Stops every process of the server where it stands: connections stay open, and nobody answers. */
  freeze(): void {
    const postmaster = this.#process?.pid as number;
    process.kill(postmaster, 'SIGSTOP');
    this.#backends().forEach((pid) => process.kill(pid, 'SIGSTOP'));
  }

  thaw(): void {
    // A frozen one stays where it is; one that was not may end meanwhile.
    for (const pid of [...this.#backends(), this.#process?.pid as number]) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }

  /** Runs SQL as the superuser, on a connection for that alone. */
  async query<Row>(sql: string, database = 'postgres'): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url(database), connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(sql)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  async destroy(): Promise<void> {
    if (this.#process?.exitCode === null) this.thaw();
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  get #data(): string {
    return path.join(this.dir, 'data');
  }

  #binary(name: string): string {
    return path.join(POSTGRES_BIN ?? '', name);
  }

  #run(binary: string, ...args: string[]): void {
    execFileSync(this.#binary(binary), args, { ...unprivileged(), cwd: this.dir, stdio: 'pipe' });
  }

  #backends(): number[] {
    const pid = this.#process?.pid;
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  }
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function fromPgConfig(): string {
  try {
    return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

function fromDebian(): string[] {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => path.join(root, version, 'bin')) : [];
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
