import { existsSync } from 'node:fs';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import pg from 'pg';
import type { TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { census } from '../../support/data-rules.mjs';
import { type Exit, HttpSteward } from '../../support/http.js';
import type { LogLine } from '../../support/log.js';
import { PostgresServer } from '../../support/postgres-server.mjs';
import { startSteward } from '../../support/steward.js';
import { compareWithAuditLog, type Findings } from './audit.js';
import { type Caller, callerOf, connectOverHttp } from './client.js';
import { Journal } from './journal.js';
import { LIMITS, RECOVERY_MS } from './limits.js';
import { People } from './people.js';
import { APP, DATABASE, TEMPLATE_VARIABLE } from './setup.mjs';

/** Steward's callers are recorded under this name. */
const ACTOR = 'resilience';
const SETTINGS = { fsync: 'on', max_connections: 40, max_wal_size: '128MB', min_wal_size: '32MB' };

/** A process of Steward under a fault. */
export interface Steward {
  name: string;
  pid: number;
  /** A client at this process. */
  connect(): Promise<Caller>;
  log(): LogLine[];
  /** Ends it. How it ended is not known over stdio. */
  stop(signal: NodeJS.Signals): Promise<Exit | 'gone'>;
}

export interface OverHttp extends Steward {
  http: HttpSteward;
}

export interface OverStdio extends Steward {
  client: Client;
}

/** A time in which calls may fail with these codes, at all processes or at one. */
export interface Window {
  from: number;
  until: number;
  codes: readonly string[];
  steward?: string | undefined;
}

/** One directory: its PostgreSQL server, the processes that serve it, and the journal of all calls. */
export class Site {
  server!: PostgresServer;
  /** What Steward connects to. */
  url = '';
  journal!: Journal;
  /** What was in the database at first. */
  before: Record<string, number> = {};
  readonly stewards: Steward[] = [];
  readonly windows: Window[] = [];
  readonly #killed = new Set<Steward>();
  readonly #cleanups: (() => unknown)[] = [];
  #findings: Promise<Findings> | undefined;

  async open(options: { under?: string } = {}): Promise<void> {
    const template = process.env[TEMPLATE_VARIABLE] ?? '';
    this.server = await PostgresServer.copyOf(template, { ...options, settings: SETTINGS });
    const { server } = this;
    this.defer(() => server.destroy());
    this.url = server.url(DATABASE, APP);
    this.journal = new Journal(await People.of(this));
    this.before = await census(this);
  }

  /** Adds something to do when the test is over; the last comes first. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  async close(): Promise<void> {
    for (let cleanup = this.#cleanups.pop(); cleanup; cleanup = this.#cleanups.pop()) await cleanup();
  }

  /** Runs SQL as the administrator, past Steward. */
  query<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
    return this.server.query<Row>(sql, DATABASE);
  }

  /** Holds the lock that the SQL takes, in a session of its own, while the work is done. */
  async whileHolding<Result>(sql: string, work: () => Promise<Result>): Promise<Result> {
    const holder = new pg.Client({ connectionString: this.server.url(DATABASE) });
    await holder.connect();
    try {
      await holder.query(`BEGIN; ${sql}`);
      return await work();
    } finally {
      await holder.end();
    }
  }

  async http(env: Record<string, string> = LIMITS): Promise<OverHttp> {
    const http = await HttpSteward.start(this.environment(env));
    return this.#add({
      http,
      name: `http:${http.port}`,
      pid: http.child.pid ?? 0,
      connect: () => connectOverHttp([http.port]),
      log: () => http.log(),
      stop: (signal) => http.stop(signal),
    });
  }

  async stdio(env: Record<string, string> = LIMITS): Promise<OverStdio> {
    const database = { env: {} } as TestDatabase;
    const steward = await startSteward({ env: this.environment(env), database });
    const name = `stdio:${steward.pid}`;
    return this.#add({
      client: steward.client,
      name,
      pid: steward.pid,
      connect: async () => callerOf(steward.client, () => name),
      log: () => steward.log(),
      stop: async (signal) => {
        process.kill(steward.pid, signal);
        await eventually(() => !existsSync(`/proc/${steward.pid}`));
        return 'gone';
      },
    });
  }

  both(env?: Record<string, string>): Promise<[OverHttp, OverStdio]> {
    return Promise.all([this.http(env), this.stdio(env)]);
  }

  async kill(steward: Steward): Promise<void> {
    this.#killed.add(steward);
    await steward.stop('SIGKILL');
  }

  get running(): Steward[] {
    return this.stewards.filter((steward) => !this.#killed.has(steward));
  }

  /** Lets calls fail with these codes, from a moment until the time for recovery is over. */
  allow(codes: readonly string[], from: number, until = performance.now() + RECOVERY_MS, steward?: Steward) {
    this.windows.push({ codes, from, until, steward: steward?.name });
  }

  findings(): Promise<Findings> {
    this.#findings ??= compareWithAuditLog(this.journal, this, ACTOR);
    return this.#findings;
  }

  #add<Added extends Steward>(steward: Added): Added {
    this.stewards.push(steward);
    this.defer(() => this.running.includes(steward) && this.kill(steward).catch(() => {}));
    return steward;
  }

  environment(env: Record<string, string>): Record<string, string> {
    return {
      NODE_ENV: 'production',
      DATABASE_URL: this.url,
      HTTP_HOST: '127.0.0.1',
      STEWARD_CALLER: ACTOR,
      // Without tokens all clients on this machine are one caller.
      MAX_CALLS_IN_FLIGHT_PER_CALLER: '200',
      RATE_LIMIT_PER_MINUTE: '1000000',
      ...env,
    };
  }
}
