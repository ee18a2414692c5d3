import type { DatabaseConfig } from '../config.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { describeError, type Log } from '../log.js';
import type { Embedded } from './embedded/index.js';
import { translateDatabaseError } from './translate-error.js';
import { inspectMigrations } from './migrations.js';
import { connect, type Connections } from './pool.js';
import { PrimaryPosition } from './primary-position.js';
import { PrimarySession } from './primary-session.js';
import { readsFromReplicas } from './read-routes.js';
import { Replica } from './replica.js';
import { UnusableDatabaseError } from './unusable.js';

/** The replicas, and the session that reads how far they have to be. */
interface Replication {
  session: PrimarySession;
  position: PrimaryPosition;
  replicas: Replica[];
}

/**
 * The database behind the directory: a server, or the embedded one. It is opened when first asked for and, as long as
 * that fails, again each time it is asked for, so a server that was down at the start is found when it is up.
 */
export class Database {
  #opening: Promise<PrismaClient> | undefined;
  #connections: Connections | undefined;
  #embedded: Embedded | undefined;
  #replication: Replication | undefined;
  #closing = false;

  constructor(
    private readonly config: DatabaseConfig,
    private readonly log: Log,
  ) {}

  /**
   * Resolves once the database answers and its migrations are those of this version.
   * @throws UnusableDatabaseError; StewardError DATABASE_UNAVAILABLE or TIMEOUT when it does not answer
   */
  ready(): Promise<PrismaClient> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** What the connections of the pool are doing; `waiting` is how many wait for one. */
  get connectionUse(): { inUse: number; idle: number; waiting: number; max: number } {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = this.#connections?.pool ?? {};
    return {
      inUse: totalCount - idleCount,
      idle: idleCount,
      waiting: waitingCount,
      max: this.config.pool.max,
    };
  }

  /** The servers that reads may go to, in the order they were given. */
  get replicas(): readonly Replica[] {
    return this.#replication?.replicas ?? [];
  }

  /** Lets what runs finish, closes all connections, and leaves the embedded database to whoever still uses it. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#replication?.session.close();
    await Promise.all(this.replicas.map((replica) => replica.close()));
    await this.#connections?.close();
    await this.#embedded?.close();
  }

  async #open(): Promise<PrismaClient> {
    try {
      this.#connections ??= connect(this.config.url ?? (await this.#openEmbedded()), this.config, this.log);
      if (this.config.url !== undefined && this.config.replicaUrls.length > 0)
        this.#replication ??= this.#follow(this.config.url);
      const { prisma } = this.#connections;
      const [server] = await prisma.$queryRaw<{ version: string }[]>`SELECT version()`;
      await this.#assertMigrated(prisma);
      this.log.info('database connected', {
        server: server?.version,
        embedded: this.config.url === undefined,
      });
      return this.#withReplicas(prisma);
    } catch (error) {
      if (error instanceof UnusableDatabaseError) throw error;
      // What our own end broke off says nothing of the database.
      if (!this.#closing) this.log.warn('database not ready', { cause: describeError(error) });
      throw translateDatabaseError(error) ?? error;
    }
  }

  /** Loaded only when there is no server: it is of no use to anybody else. */
  async #openEmbedded(): Promise<string> {
    const { openPrepared } = await import('./prepare-embedded.js');
    this.#embedded ??= await openPrepared(this.config, this.log, (text) => this.log.info(text));
    return this.#embedded.url;
  }

  #follow(url: string): Replication {
    const session = new PrimarySession(url, this.log);
    const position = new PrimaryPosition(session);
    const replicas = this.config.replicaUrls.map(
      (address, index) =>
        new Replica(`replica_${index + 1}`, address, this.config, () => position.now(), this.log),
    );
    return { session, position, replicas };
  }

  #withReplicas(prisma: PrismaClient): PrismaClient {
    if (!this.#replication) return prisma;
    const { replicas, position } = this.#replication;
    return readsFromReplicas(prisma, replicas, () => position.now());
  }

  async #assertMigrated(prisma: PrismaClient): Promise<void> {
    const found = await inspectMigrations(prisma);
    if (found.state === 'current') return;
    throw new UnusableDatabaseError(
      `The database's migrations are ${found.state} (${found.migrations.join(', ')}). To fix it: ${found.remedy}`,
      { migrations: found.state },
    );
  }
}
