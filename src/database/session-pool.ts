import pg from 'pg';
import { uncancelled } from './cancellation.js';
import { isLostConnection } from './errors.js';
import { repeatUndone } from './repeat.js';
import { SessionClient, type SessionClientConfig } from './session.js';

export type Statement = string | pg.QueryConfig;
/** A connection that a pool has lent. */
export type Lent = SessionClient & Pick<pg.PoolClient, 'release'>;

/** Networks forget connections that idle. After this time one has to answer before it is used. */
const TRUSTED_FOR_MS = 5000;
const PROBE = { text: 'SELECT', query_timeout: 1000 };

/**
 * A pool that lends no connection which the network or the server has given up, and that runs a statement again which
 * the database undid for the sake of another.
 */
export class SessionPool extends pg.Pool {
  /** Connections opened before are not used again. */
  #renewedAt = -Infinity;
  readonly #borrow: () => Promise<Lent>;
  /** A pooler was seen before the server. */
  pooled = false;

  constructor(config: SessionClientConfig) {
    super({ ...config, Client: SessionClient as unknown as new () => pg.ClientBase });
    const take = this.connect.bind(this) as unknown as () => Promise<Lent>;
    this.#borrow = () => this.#lend(take);
    this.connect = this.#borrow as typeof this.connect;
    this.query = ((statement: Statement, values?: unknown[]) =>
      this.repeat(() => this.#runOnConnection(statement, values))) as typeof this.query;
    this.on('release', (_error, client) => this.#inspect(client as unknown as Lent));
  }

  /** Whether a statement changes nothing, so that it may run twice. */
  protected reads(statement: Statement): boolean {
    return /^\s*select\b/i.test(typeof statement === 'string' ? statement : statement.text);
  }

  /** Runs a statement outside of a transaction of its caller's. */
  protected async run(client: Lent, statement: Statement, values?: unknown[]): Promise<pg.QueryResult> {
    return onOneServer(client, () => client.query(statement, values));
  }

  /** Runs what the database undid again. */
  protected repeat<Result>(work: () => Promise<Result>): Promise<Result> {
    return repeatUndone(work);
  }

  /** Whether a connection is of no further use after a failure. */
  protected isBroken(error: unknown): boolean {
    return !(error instanceof pg.DatabaseError);
  }

  async #runOnConnection(statement: Statement, values?: unknown[]): Promise<pg.QueryResult> {
    for (;;) {
      const client = await this.#borrow();
      const wasIdle = client.idleSince !== undefined;
      let broken: Error | undefined;
      try {
        return await this.run(client, statement, values);
      } catch (error) {
        if (this.isBroken(error)) broken = error as Error;
        if (!wasIdle || !isLostConnection(error) || !this.reads(statement)) throw error;
        // What ended this one may have ended all; so the next is a fresh one, which is not tried again.
        this.#renewedAt = performance.now();
      } finally {
        client.release(broken);
      }
    }
  }

  async #lend(take: () => Promise<Lent>): Promise<Lent> {
    for (;;) {
      const client = await take();
      this.pooled ||= client.pooled;
      if (client.idleSince === undefined) return client;
      if (client.openedAt >= this.#renewedAt) {
        if (performance.now() - client.idleSince < TRUSTED_FOR_MS) return client;
        // Other callers must not lose a connection to the end of this call.
        const answered = await uncancelled(() => client.query(PROBE)).then(
          () => true,
          () => false,
        );
        if (answered) return client;
        this.#renewedAt = performance.now();
      }
      client.drop();
      client.release(true);
    }
  }

  /**
   * A connection must not be reused while its transaction is open, because a frozen server did not end it: the next
   * user's writes would seem to succeed and never be committed. Ending the connection rolls it back. A connection with a
   * cancel request under way must not be reused either.
   */
  #inspect(client: Lent): void {
    client.idleSince = performance.now();
    if (client.hasStalePlans) this.#renewedAt = client.idleSince;
    if (client.getTransactionStatus() !== 'I' || client.cancelled || client.hasStalePlans) void client.end();
  }
}

/** A pooler keeps to one server within a transaction, and a transaction has the session's settings. */
export async function onOneServer<Result>(client: Lent, work: () => Promise<Result>): Promise<Result> {
  if (!client.pooled) return work();
  await client.query('BEGIN');
  const result = await work();
  await client.query('COMMIT');
  return result;
}
