import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { describeError, type Log } from '../../observability/log.js';
import { sessionUrl } from '../pool.js';

/** In milliseconds. A connection that takes longer to answer is taken for dead. */
const PATIENCE_MS = 1000;
const CONNECT_PATIENCE_MS = 3000;
/** The server ends a statement that waits for a lock after this time. It would not notice that we closed the connection. */
const STATEMENT_TIMEOUT_MS = 700;
/** Interval of pings on an idle connection, so that no firewall drops it, in milliseconds. */
const PING_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

const PING = { name: 'ping', text: 'SELECT' };

/** A statement that gives one row, and a name by which the server knows it again. */
export interface Question {
  name: string;
  text: string;
}

/** An answer of the server. */
export interface Told<Row> {
  /** Counts the sessions there were. What two of them say cannot be compared: the server may have crashed in between. */
  session: number;
  row: Row;
}

/**
 * A session on the server that is written to, for small questions about how things stand there now. They wait neither for
 * a place in the pool nor behind another statement. As long as the connection is lost, there is no answer.
 */
export class PrimarySession {
  readonly #ping = setInterval(() => void this.ask(PING), PING_MS).unref();
  readonly #closing = new AbortController();
  /** The connection, while it can be asked. */
  #client: pg.Client | undefined;
  #session = 0;
  /** The question that was asked last. */
  #turn: Promise<unknown> = Promise.resolve();
  /** What was logged as not available, by what that was: the connection, or a question. */
  readonly #complaints = new Map<string, string>();

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {
    void this.#stayConnected();
  }

  /** One question after the other. Undefined while the server cannot be asked; never rejects. */
  ask<Row extends object>(question: Question): Promise<Told<Row> | undefined> {
    const answer = this.#turn.then(() => this.#ask<Row>(question));
    this.#turn = answer;
    return answer;
  }

  async #ask<Row extends object>(question: Question): Promise<Told<Row> | undefined> {
    const client = this.#client;
    const session = this.#session;
    if (!client) return undefined;
    try {
      const { rows } = await client.query<Row>(question);
      if (client !== this.#client || !rows[0]) return undefined;
      if (this.#complaints.delete(question.name)) this.#tellOpen();
      return { session, row: rows[0] };
    } catch (error) {
      // A refused query says nothing about other queries.
      if (error instanceof pg.DatabaseError) this.#complain(question.name, error);
      else this.#giveUp(client);
      return undefined;
    }
  }

  /** A late answer could be taken for the answer to another query, so the connection is closed. */
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
        this.#complain('connection', error);
      }
      pause =
        performance.now() - began > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
      await delay(pause, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
    }
  }

  /** Resolves when the connection has ended. @throws the error that kept it from beginning, or ended it */
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
    this.#complaints.clear();
    this.#tellOpen();
    await ended;
    this.#client = undefined;
    throw new Error('the connection was lost');
  }

  /** Logs a cause once, until it changes. */
  #complain(about: string, error: unknown): void {
    const cause = describeError(error);
    if (this.#complaints.get(about) === cause || this.#closing.signal.aborted) return;
    this.#complaints.set(about, cause);
    this.log.warn('primary session not available', { about, cause });
  }

  #tellOpen(): void {
    if (this.#complaints.size === 0) this.log.info('primary session open');
  }
}

/**
 * A pooler keeps our connection when the server behind it crashes, and what two lives of a server say cannot be compared.
 * It gives itself away: the process it names for cancelling is not the one that answers. And a standby does not know how far
 * the primary's log goes.
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
