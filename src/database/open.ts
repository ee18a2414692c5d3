import type { PrismaPg } from '@prisma/adapter-pg';
import { describeError, type Log } from '../observability/log.js';
import { uncancelled } from './cancellation.js';
import type { Check } from './check.js';
import type { DatabaseClient } from './client.js';
import { translateDatabaseError } from './errors.js';
import type { SessionConfig } from '../settings/config.js';
import { connect, type Connections } from './pool.js';
import { Replicas, type ReplicaState } from './replicas/replicas.js';
import { UnusableDatabaseError } from './unusable.js';

/** A database that is brought up for this process, such as the embedded one. */
export interface StartedDatabase {
  url: string;
  close(): Promise<void>;
}

export interface DatabaseOptions<Client extends DatabaseClient> {
  /** For /ready, metrics and the log. */
  name: string;
  /** A server's URL, or what brings a database up; it is called again as long as it fails. */
  url: string | (() => Promise<StartedDatabase>);
  /** Servers that follow that one, for reads. */
  replicaUrls?: readonly string[];
  session: SessionConfig;
  createClient(adapter: PrismaPg): Client;
  /** What must be without a problem before the database serves. */
  check: Check<Client>;
  log: Log;
  /** Called each time the database is found to be of no use until the operator does something. */
  onUnusable?: ((error: UnusableDatabaseError) => void) | undefined;
}

/** What the connections of a pool are doing; `waiting` is how many statements wait for one. */
export interface ConnectionUse {
  inUse: number;
  idle: number;
  waiting: number;
  max: number;
}

/** One named database. There may be several; one that is down stops none of the others. */
export interface Database<Client = unknown> {
  readonly name: string;
  /**
   * Resolves once the database answers and is what its check expects.
   * @throws UnusableDatabaseError; StewardError DATABASE_UNAVAILABLE or TIMEOUT when it does not answer
   */
  ready(): Promise<Client>;
  /** Opens it if need be, and checks it now. @throws as ready() */
  check: () => ReturnType<Check<Client>>;
  readonly connectionUse: ConnectionUse;
  /** Whether it was of no use when it was last opened, until the operator does something. */
  readonly unusable: boolean;
  /** How each replica stands, by name. */
  replicaStates(): Promise<Record<string, ReplicaState>>;
  /** Lets what runs finish, and closes all connections. */
  close(): Promise<void>;
}

/**
 * A named database: a server, or one that is brought up for this. It is opened when first needed and, as long as that
 * fails, again each time it is needed, so a server that was down at the start is found when it is up.
 */
export function openDatabase<Client extends DatabaseClient>(
  options: DatabaseOptions<Client>,
): Database<Client> {
  return new NamedDatabase(options);
}

class NamedDatabase<Client extends DatabaseClient> implements Database<Client> {
  #opening: Promise<Client> | undefined;
  #connections: Connections<Client> | undefined;
  #started: StartedDatabase | undefined;
  #replicas: Replicas<Client> | undefined;
  #closing = false;
  unusable = false;

  constructor(private readonly options: DatabaseOptions<Client>) {}

  get name(): string {
    return this.options.name;
  }

  ready(): Promise<Client> {
    // Every caller waits for it, so it must not end with the call that began it.
    this.#opening ??= uncancelled(() => this.#open()).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async check(): ReturnType<Check<Client>> {
    return this.options.check(await this.ready());
  }

  get connectionUse(): ConnectionUse {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = this.#connections?.pool ?? {};
    return {
      inUse: totalCount - idleCount,
      idle: idleCount,
      waiting: waitingCount,
      max: this.options.session.pool.max,
    };
  }

  async replicaStates(): Promise<Record<string, ReplicaState>> {
    return (await this.#replicas?.states()) ?? {};
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#replicas?.close();
    await this.#connections?.close();
    await this.#started?.close();
  }

  async #open(): Promise<Client> {
    const { name, url, session, createClient, check, log } = this.options;
    try {
      if (typeof url === 'function') this.#started ??= await url();
      const address = this.#started?.url ?? (url as string);
      this.#connections ??= connect(address, session, createClient, log);
      this.#followReplicas(address);
      const { client } = this.#connections;
      const [server] = await client.$queryRaw<{ version: string }[]>`SELECT version()`;
      const result = await check(client);
      if (result.problem) throw UnusableDatabaseError.of(result);
      this.unusable = false;
      log.info('database connected', {
        database: name,
        server: server?.version,
        embedded: this.#started !== undefined,
      });
      return this.#replicas?.route(client) ?? client;
    } catch (error) {
      if (error instanceof UnusableDatabaseError) {
        this.unusable = true;
        this.options.onUnusable?.(error);
        throw error;
      }
      // What our own end broke off says nothing of the database.
      if (!this.#closing) log.warn('database not ready', { database: name, cause: describeError(error) });
      throw translateDatabaseError(error) ?? error;
    }
  }

  #followReplicas(primaryUrl: string): void {
    const { replicaUrls = [] } = this.options;
    if (replicaUrls.length > 0) this.#replicas ??= new Replicas(primaryUrl, replicaUrls, this.options);
  }
}
