import { setTimeout as delay } from 'node:timers/promises';
import type { PrismaPg } from '@prisma/adapter-pg';
import { describeError, type Log } from '../../observability/log.js';
import { uncancelled } from '../cancellation.js';
import type { DatabaseClient } from '../client.js';
import type { SessionConfig } from '../../settings/config.js';
import { connect, type Connections } from '../pool.js';
import {
  atLeastAt,
  NotAReplicaError,
  ReplicaBehindError,
  ReplicaPool,
  SilentReplicaError,
} from './replica-pool.js';
import { translateDatabaseError } from '../errors.js';
import type { WalPosition } from './wal-position.js';

/** `unknown`: the primary does not say how far a replica should be. */
export type ReplicaState = 'ok' | 'behind' | 'does not answer' | 'does not follow this database' | 'unknown';

/** Longest wait for a connection to a replica, in milliseconds. The primary can serve instead. */
const LONGEST_WAIT_MS = 1000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

interface ReplicaOptions<Client> {
  session: SessionConfig;
  createClient(adapter: PrismaPg): Client;
  log: Log;
}

/**
 * A server that follows the primary and answers reads. It is in use from when it first answers until it fails, and again
 * once it answers; being behind is no failure.
 */
export class Replica<Client extends DatabaseClient> {
  readonly #connections: Connections<Client>;
  readonly #closing = new AbortController();
  private readonly log: Log;
  #usable = false;
  #told: string | undefined;

  /** @param name for the log and for /ready: its address is not shown there */
  constructor(
    readonly name: string,
    url: string,
    { session, createClient, log }: ReplicaOptions<Client>,
    private readonly position: () => Promise<WalPosition | undefined>,
  ) {
    const acquireTimeoutMs = Math.min(session.pool.acquireTimeoutMs, LONGEST_WAIT_MS);
    const limits = { ...session, pool: { ...session.pool, acquireTimeoutMs } };
    this.log = log;
    this.#connections = connect(url, limits, createClient, log, ReplicaPool);
    // It goes on after the call in which the replica failed.
    void uncancelled(() => this.#comeBack());
  }

  get client(): Client {
    return this.#connections.client;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** To be told of every read that failed. Where the server is to blame, it is out of use until it answers again. */
  failed(error: unknown): void {
    if (!this.#usable || error instanceof ReplicaBehindError) return;
    if (!isOutage(error)) {
      this.log.info('a replica could not answer', { replica: this.name, cause: describeError(error) });
      return;
    }
    this.#usable = false;
    this.#tell(error);
    void uncancelled(() => this.#comeBack());
  }

  /** Asks it now. */
  async state(): Promise<ReplicaState> {
    const position = await this.position();
    if (!position) return 'unknown';
    try {
      await atLeastAt(position, () => this.#connections.pool.query('SELECT'));
      return 'ok';
    } catch (error) {
      if (error instanceof ReplicaBehindError) return 'behind';
      this.#tell(error);
      return error instanceof NotAReplicaError ? 'does not follow this database' : 'does not answer';
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connections.close();
  }

  async #comeBack(): Promise<void> {
    const { signal } = this.#closing;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const state = await this.state();
      if (state === 'ok' || state === 'behind') break;
      await delay(pause, undefined, { ref: false, signal }).catch(() => {});
    }
    if (signal.aborted) return;
    this.#usable = true;
    this.#told = undefined;
    this.log.info('replica in use', { replica: this.name });
  }

  /** Each reason once, however often it is met. */
  #tell(error: unknown): void {
    const cause = describeError(error);
    if (cause === this.#told || this.#closing.signal.aborted) return;
    this.#told = cause;
    this.log.warn('replica out of use', { replica: this.name, cause });
  }
}

/** A statement that took too long, and a pool that is busy, say nothing about the server. */
function isOutage(error: unknown): boolean {
  if (error instanceof NotAReplicaError || error instanceof SilentReplicaError) return true;
  return translateDatabaseError(error)?.code === 'DATABASE_UNAVAILABLE';
}
