import { setTimeout as delay } from 'node:timers/promises';
import type { PrismaPg } from '@prisma/adapter-pg';
import { describeError, type Log } from '../../observability/log.js';
import { uncancelled } from '../cancellation.js';
import { connect, type Connections, type DatabaseClient } from '../pool.js';
import { atLeastAt, ReplicaError, ReplicaPool } from './replica-pool.js';
import { isOutage } from '../errors.js';
import type { Session } from '../session.js';
import type { WalPosition } from './primary-position.js';

/** `unknown`: the primary does not report the position that a replica should have. */
export type ReplicaState = 'ok' | 'unknown' | ReplicaError['obstacle'];

/** Longest wait for a connection to a replica, in milliseconds. After that the primary serves the read. */
const LONGEST_WAIT_MS = 1000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

export interface ReplicaOptions<Client> {
  session: Session;
  createClient(adapter: PrismaPg): Client;
  log: Log;
}

/**
 * A server that follows the primary and serves reads. It is in use from its first answer until it fails, and again once it
 * answers. A replica that is behind has not failed.
 */
export class Replica<Client extends DatabaseClient> {
  readonly #connections: Connections<Client>;
  readonly #closing = new AbortController();
  private readonly log: Log;
  usable = false;
  #loggedCause: string | undefined;

  /** @param name the name in the log and in /ready, which do not show the address */
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
    // The loop must not end with the current call.
    void uncancelled(() => this.#comeBack());
  }

  get client(): Client {
    return this.#connections.client;
  }

  /** Must be called for every failed read. An outage takes the replica out of use until it answers again. */
  failed(error: unknown): void {
    if (!this.usable || isBehind(error)) return;
    // A slow statement, a missing right or a busy pool is no sign of an outage.
    if (!(error instanceof ReplicaError) && !isOutage(error)) {
      this.log.info('a replica could not answer', { replica: this.name, cause: describeError(error) });
      return;
    }
    this.usable = false;
    this.#logOutOfUse(error);
    void uncancelled(() => this.#comeBack());
  }

  /** Queries the replica now. */
  async state(): Promise<ReplicaState> {
    const position = await this.position();
    if (!position) return 'unknown';
    try {
      await atLeastAt(position, () => this.#connections.pool.query('SELECT'));
      return 'ok';
    } catch (error) {
      if (!isBehind(error)) this.#logOutOfUse(error);
      return error instanceof ReplicaError ? error.obstacle : 'does not answer';
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
    this.usable = true;
    this.#loggedCause = undefined;
    this.log.info('replica in use', { replica: this.name });
  }

  /** Logs a cause once, until it changes. */
  #logOutOfUse(error: unknown): void {
    const cause = describeError(error);
    if (cause === this.#loggedCause || this.#closing.signal.aborted) return;
    this.#loggedCause = cause;
    this.log.warn('replica out of use', { replica: this.name, cause });
  }
}

function isBehind(error: unknown): boolean {
  return error instanceof ReplicaError && error.obstacle === 'behind';
}
