import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { describeError, type Log } from '../log.js';
import { sessionUrl } from './pool.js';
import { SharedRound } from './shared-round.js';
import { parseLsn, type WalPosition } from './wal-position.js';

/** What the triggers of the migration announce_directory notify. */
export const CHANGES_CHANNEL = 'steward_directory';

/** In milliseconds. A connection that takes longer to answer is taken for dead. */
const PATIENCE_MS = 1000;
const CONNECT_PATIENCE_MS = 3000;
/** How often the connection is tried while nobody asks, so that nothing on the way forgets it, in milliseconds. */
const PING_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Which log the server writes, as the system's identifier and the timeline that its current segment is named after. */
const HISTORY = `SELECT system_identifier || '/' || ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int AS history
  FROM pg_control_system()`;
/**
 * What was acknowledged is on disk by then, unless commits do not wait for that. (Where the log ends would be too far: what
 * unfinished transactions wrote last is on no disk, and at no replica.)
 */
const POSITION = `SELECT CASE current_setting('synchronous_commit')
  WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END::text AS lsn`;
/** What holds no statement is answered soonest. */
const NOTHING = '';

interface Answer {
  /** Where the server's log ends; undefined where nobody wants to know. */
  position: WalPosition | undefined;
}

/**
 * A session on the server that is written to. It hears of every change that any program makes to users, departments and
 * head counts, knows at any moment whether it has heard of all, and can say how far the server's log goes.
 *
 * PostgreSQL signals a notification to its listeners before it acknowledges the commit that sent it, and a listener's
 * session passes on what it was signalled before it says that it is ready for the next query. So once a question that was
 * sent after the acknowledgement is answered, the notification has arrived before that answer, whichever process wrote.
 * While the connection is lost nobody is told that all was heard, and when it is back a change is told, whether there was
 * one or not.
 */
export class PrimarySession {
  readonly #callbacks: (() => void)[] = [];
  readonly #round = new SharedRound(() => this.#ask());
  readonly #ping = setInterval(() => void this.#round.join(), PING_MS).unref();
  readonly #closing = new AbortController();
  /** The connection, while it listens. */
  #client: pg.Client | undefined;
  #history = '';
  #heard = true;

  /** @param withPosition also asks how far the server's log goes, which takes a primary server */
  constructor(
    private readonly url: string,
    private readonly withPosition: boolean,
    private readonly log: Log,
  ) {
    void this.#stayConnected();
  }

  /** Calls back whenever users, departments or head counts have changed, or may have while nobody listened. */
  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  /** Whether every change that was acknowledged before this call was told to `onChange`; never rejects. */
  async caughtUp(): Promise<boolean> {
    return (await this.#round.join()) !== undefined;
  }

  /** A position behind everything committed before this call; undefined while the server cannot be asked. */
  async position(): Promise<WalPosition | undefined> {
    return (await this.#round.join())?.position;
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
        await this.#listen();
      } catch (error) {
        if (this.#heard && !this.#closing.signal.aborted)
          this.log.warn('changes are not heard of', { cause: describeError(error) });
        this.#heard = false;
      }
      pause =
        performance.now() - began > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
      await delay(pause, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
    }
  }

  /** Listens for as long as the connection lives. @throws whatever kept it from beginning */
  async #listen(): Promise<void> {
    const client = new pg.Client({
      connectionString: sessionUrl(this.url),
      application_name: 'steward changes',
      connectionTimeoutMillis: CONNECT_PATIENCE_MS,
      query_timeout: PATIENCE_MS,
      keepAlive: true,
    });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    // What it dies of is told by whatever was asked; unheard, the event would end the process.
    client.on('error', () => {});
    client.on('notification', () => this.#changed());
    try {
      await client.connect();
      await this.#begin(client);
    } catch (error) {
      await client.end();
      throw error;
    }
    await ended;
    this.#client = undefined;
    if (!this.#closing.signal.aborted) throw new Error('the connection was lost');
  }

  async #begin(client: pg.Client): Promise<void> {
    await client.query(`LISTEN ${CHANGES_CHANNEL}`);
    await assertDirect(client);
    if (this.withPosition)
      this.#history = (await client.query<{ history: string }>(HISTORY)).rows[0]?.history ?? '';
    if (this.#closing.signal.aborted) throw new Error('closed meanwhile');
    // Nobody listened until now.
    this.#changed();
    this.#client = client;
    this.#heard = true;
    this.log.info('listening for changes');
  }

  async #ask(): Promise<Answer | undefined> {
    const client = this.#client;
    if (!client) return undefined;
    try {
      const { rows } = await client.query<{ lsn?: string }>(this.withPosition ? POSITION : NOTHING);
      if (client !== this.#client) return undefined;
      const lsn = rows[0]?.lsn;
      return { position: lsn === undefined ? undefined : { history: this.#history, lsn: parseLsn(lsn) } };
    } catch {
      // Whatever it may still say comes too late to be told from an answer to another question.
      this.#client = undefined;
      void client.end();
      return undefined;
    }
  }

  #changed(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/**
 * A pooler that hands its sessions round would take the LISTEN and lose the notifications. It gives itself away: the
 * process it names for cancelling is not the one that answers.
 */
async function assertDirect(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const { processID } = client as unknown as { processID: number | null };
  if (rows[0]?.pid === processID) return;
  throw new Error('there is a connection pooler between Steward and PostgreSQL, which loses notifications');
}
