import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { describeError, type Log } from '../../observability/log.js';
import { sessionUrl } from '../pool.js';

/** Longest time for an answer, in milliseconds. After that the connection counts as dead. */
const PATIENCE_MS = 1000;
const CONNECT_PATIENCE_MS = 3000;
/** The server ends a statement that waits for a lock after this time. It would not notice a closed connection. */
const STATEMENT_TIMEOUT_MS = 700;
/** Interval of pings on an idle connection, so that no firewall drops it, in milliseconds. */
const PING_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

const PING = { name: 'ping', text: 'SELECT' };

/** A query with one row as its result. The server prepares it under its name. */
export interface NamedQuery {
  name: string;
  text: string;
}

/** The result of a query. */
export interface Reply<Row> {
  /** The number of the session. Results of two sessions cannot be compared: the server may have crashed in between. */
  session: number;
  row: Row;
}

/**
 * A session on the primary for small queries about its current state. They wait neither for a connection of the pool nor
 * for the statement of a call. While the connection is lost, queries have no result.
 */
export class PrimarySession {
  readonly #ping = setInterval(() => void this.query(PING), PING_MS).unref();
  readonly #closing = new AbortController();
  /** The connection; undefined while it is lost. */
  #client: pg.Client | undefined;
  #session = 0;
  /** The last query of the queue. */
  #last: Promise<unknown> = Promise.resolve();
  /** The logged causes, by the connection or the name of the query. */
  readonly #causes = new Map<string, string>();

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {
    void this.#stayConnected();
  }

  /** Runs one query after the other. Resolves to undefined while the primary cannot be queried; never rejects. */
  query<Row extends object>(query: NamedQuery): Promise<Reply<Row> | undefined> {
    const reply = this.#last.then(() => this.#run<Row>(query));
    this.#last = reply;
    return reply;
  }

  async #run<Row extends object>(query: NamedQuery): Promise<Reply<Row> | undefined> {
    const client = this.#client;
    const session = this.#session;
    if (!client) return undefined;
    try {
      const { rows } = await client.query<Row>(query);
      if (client !== this.#client || !rows[0]) return undefined;
      if (this.#causes.delete(query.name)) this.#logOpen();
      return { session, row: rows[0] };
    } catch (error) {
      // A refused query says nothing about other queries.
      if (error instanceof pg.DatabaseError) this.#logUnavailable(query.name, error);
      else this.#giveUp(client);
      return undefined;
    }
  }

  /** Closes the connection, because a late result could be taken for that of another query. */
  #giveUp(client: pg.Client): void {
    if (client === this.#client) this.#client = undefined;
    void client.end();
  }

  async close(): Promise<void> {
    clearInterval(this.#ping);
    this.#closing.abort();
    await this.#client?.end();
  }

  async #stayConnected(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!this.#closing.signal.aborted) {
      const began = performance.now();
      try {
        await this.#connect();
      } catch (error) {
        this.#logUnavailable('connection', error);
      }
      pause =
        performance.now() - began > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
      await delay(pause, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
    }
  }

  /** Connects, and waits until the connection ends. @throws the error that prevented or ended it */
  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: sessionUrl(this.url),
      application_name: 'steward primary',
      connectionTimeoutMillis: CONNECT_PATIENCE_MS,
      query_timeout: PATIENCE_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    // The pending query reports the error. Without a listener the event would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
      await assertUsable(client);
      if (this.#closing.signal.aborted) throw new Error('closed meanwhile');
    } catch (error) {
      await client.end();
      throw error;
    }
    this.#session += 1;
    this.#client = client;
    this.#causes.clear();
    this.#logOpen();
    await ended;
    this.#client = undefined;
    throw new Error('the connection was lost');
  }

  /** Logs a cause once, until it changes. */
  #logUnavailable(about: string, error: unknown): void {
    const cause = describeError(error);
    if (this.#causes.get(about) === cause || this.#closing.signal.aborted) return;
    this.#causes.set(about, cause);
    this.log.warn('primary session not available', { about, cause });
  }

  #logOpen(): void {
    if (this.#causes.size === 0) this.log.info('primary session open');
  }
}

/**
 * Refuses a pooler: it keeps our connection when the server behind it crashes, and positions from before and after a crash
 * cannot be compared. The process id that a pooler gives for cancelling is not that of the backend. Refuses a standby, too:
 * it does not know the end of the primary's log.
 */
async function assertUsable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number; standby: boolean }>(
    'SELECT pg_backend_pid() AS pid, pg_is_in_recovery() AS standby',
  );
  const { processID } = client as unknown as { processID: number | null };
  if (rows[0]?.pid !== processID)
    throw new Error('there is a connection pooler between Steward and PostgreSQL, which hides restarts');
  if (rows[0]?.standby) throw new Error('the server is a standby');
}
