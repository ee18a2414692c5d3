import type { PrismaPg } from '@prisma/adapter-pg';
import { describeError, type Log } from '../observability/log.js';
import { StewardError } from '../errors.js';
import { currentCall, uncancelled } from './cancellation.js';
import { describeProblem, UnusableDatabaseError, type CheckResult } from './check.js';
import type { Embedded } from './embedded/index.js';
import { translateDatabaseError } from './errors.js';
import { connect, type Connections, type DatabaseClient } from './pool.js';
import type { Session } from './session.js';
import { SessionPool } from './session-pool.js';
import { WriteShare } from './write-share.js';
import { Replicas, type ReplicaState } from './replicas/replicas.js';

export interface DatabaseOptions<Client extends DatabaseClient> {
  /** The name in /ready, metrics and the log. */
  name: string;
  /** The URL of a server, or a function that starts the embedded one. A failed start is tried again. */
  url: string | (() => Promise<Embedded>);
  /** Longest wait of a call for the embedded one to be opened, or opened again by another host; shorter than its deadline, so that it learns why. */
  embeddedPatienceMs?: number;
  /** Servers that follow the primary, for reads. */
  replicaUrls?: readonly string[];
  session: Session;
  createClient(adapter: PrismaPg): Client;
  /** The kind of pool; absent, one that reads and writes. */
  Pool?: typeof SessionPool;
  /** Checks that the database is as its domain expects. It serves only without a problem. */
  check(client: Client): Promise<CheckResult>;
  log: Log;
  /** Called when the database turns out to be unusable until the operator acts, or for another reason than before. */
  onUnusable?: ((error: UnusableDatabaseError) => void) | undefined;
}

/**
 * A named database, on a server or started by this process. If one of several is down, the others still serve. It is
 * opened at its first use. If that fails, each further use tries again, so a server that was down at the start is used
 * once it is up.
 */
export class Database<Client extends DatabaseClient = DatabaseClient> {
  #opening: Promise<Client> | undefined;
  #connections: Connections<Client> | undefined;
  #started: Embedded | undefined;
  #replicas: Replicas<Client> | undefined;
  #closing = false;
  /** Each use tries again, and would report the same. */
  #reported: string | undefined;
  /** True if the last opening failed until the operator acts. */
  unusable = false;
  /** Through which all writes go, so that reads find a connection. */
  readonly writeShare: WriteShare;

  constructor(private readonly options: DatabaseOptions<Client>) {
    this.writeShare = new WriteShare(options.session.pool);
  }

  get name(): string {
    return this.options.name;
  }

  /**
   * Resolves once the database answers and passes its check.
   * @throws UnusableDatabaseError; StewardError DATABASE_UNAVAILABLE or TIMEOUT when it does not answer
   */
  ready(): Promise<Client> {
    // All callers wait for one opening, so it must not end with the call that began it.
    this.#opening ??= uncancelled(() => this.#open()).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    const { url, embeddedPatienceMs } = this.options;
    const away = this.#started?.away;
    const opening = this.#opening;
    const waits = typeof url === 'function' && (away || !this.#started) && currentCall() !== undefined;
    return waits && embeddedPatienceMs !== undefined
      ? orBeingOpened(away ? away.then(() => opening) : opening, embeddedPatienceMs)
      : opening;
  }

  /** Opens the database if it is not open, and checks it now. @throws as ready() */
  async check(): Promise<CheckResult> {
    return this.options.check(await this.ready());
  }

  /** The numbers of connections of the pool by their use; `waiting` counts the statements that wait for one. */
  get connectionUse() {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = this.#connections?.pool ?? {};
    return {
      inUse: totalCount - idleCount,
      idle: idleCount,
      waiting: waitingCount + this.writeShare.waiting,
      max: this.options.session.pool.max,
    };
  }

  /** How many connections it may open, to the primary and to replicas. One more asks the primary for its position. */
  get mostConnections(): number {
    const { replicaUrls = [], session } = this.options;
    return session.pool.max * (1 + replicaUrls.length) + (replicaUrls.length > 0 ? 1 : 0);
  }

  /** The state of each replica, by name. */
  async replicaStates(): Promise<Record<string, ReplicaState>> {
    return (await this.#replicas?.states()) ?? {};
  }

  /** Waits for running statements, and closes all connections. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#replicas?.close();
    await this.#connections?.close();
    await this.#started?.close();
  }

  async #open(): Promise<Client> {
    const {
      name,
      url,
      replicaUrls = [],
      session,
      createClient,
      check,
      log,
      Pool = SessionPool,
    } = this.options;
    try {
      if (typeof url === 'function') this.#started ??= await url();
      const address = this.#started?.url ?? (url as string);
      this.#connections ??= connect(address, session, createClient, log, Pool);
      if (replicaUrls.length > 0) this.#replicas ??= new Replicas(address, replicaUrls, this.options);
      const { client, pool } = this.#connections;
      // Not through Prisma Client, whose words for a failed connection lack the reason.
      const { rows } = await pool.query<{ version: string }>('SELECT version()');
      const result = await check(client);
      if (result.problem) {
        const message = `The database cannot be used: ${describeProblem(result)}`;
        throw new UnusableDatabaseError(message, { check: result });
      }
      this.unusable = false;
      this.#reported = undefined;
      log.info('database connected', {
        database: name,
        server: rows[0]?.version,
        embedded: this.#started !== undefined,
      });
      return this.#replicas?.route(client) ?? client;
    } catch (error) {
      if (error instanceof UnusableDatabaseError) {
        this.unusable = true;
        if (this.#reported !== error.message) this.options.onUnusable?.(error);
        this.#reported = error.message;
        throw error;
      }
      // A failure during our own `close` is not the database's.
      if (!this.#closing) log.warn('database not ready', { database: name, cause: describeError(error) });
      throw translateDatabaseError(error) ?? error;
    }
  }
}

/** To create a database takes several seconds, and more on a slow disk. */
async function orBeingOpened<Client>(opening: Promise<Client>, patienceMs: number): Promise<Client> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const error = new StewardError(
      'DATABASE_UNAVAILABLE',
      'The embedded database is being created or opened, which takes a few seconds. Nothing was done. Try again in a few seconds.',
    );
    timer = setTimeout(reject, patienceMs, error);
  });
  return Promise.race([opening, tooLate]).finally(() => clearTimeout(timer));
}
