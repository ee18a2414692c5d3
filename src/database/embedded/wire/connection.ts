import { once } from 'node:events';
import type { Socket } from 'node:net';
import { BACKEND, cString, FatalError, FRONTEND, message, MessageReader, report } from './frames.js';
import type { Holder, Session } from './session.js';
import { readStartup } from './startup.js';
import { Statements } from './statements.js';

const SYNC = message(FRONTEND.sync);
const ROLLBACK = message(FRONTEND.query, cString('ROLLBACK'));
/** All clients share one session: a client's time zone or search path must not outlast it. */
const RESET_ALL = message(FRONTEND.query, cString('RESET ALL'));
const PARSE_COMPLETE = message(BACKEND.parseComplete);
/** The last byte of a ReadyForQuery outside of a transaction. */
const IDLE = 0x49;

export interface OpenDatabase {
  session: Session;
  /** PGlite's answer to a start-up packet. */
  greeting: Buffer;
}

/** One client, from its start-up packet to the end of its socket. */
export class Connection implements Holder {
  /** Resolves when the client has disconnected and the session is clean again. A fault of the client never rejects it. */
  readonly ended: Promise<void>;
  readonly #reader: MessageReader;
  readonly #statements: Statements;
  #session: Session | undefined;

  constructor(
    id: number,
    private readonly socket: Socket,
    /** Resolves when the client may use the database of this name. @throws FatalError if it may not */
    private readonly admit: (database: string) => Promise<OpenDatabase>,
  ) {
    this.#reader = new MessageReader(socket);
    this.#statements = new Statements(id);
    socket.on('error', () => socket.destroy());
    this.ended = this.#run();
  }

  /** Sends progress to a waiting client. */
  notify(text: string): void {
    if (this.socket.writable) this.socket.write(report(BACKEND.notice, 'NOTICE', '00000', text));
  }

  evict(): void {
    this.hangUp('25P03', 'terminating connection due to idle-in-transaction timeout: others are waiting');
  }

  /** Ends the connection with an error. */
  hangUp(sqlState: string, text: string): void {
    this.socket.end(report(BACKEND.error, 'FATAL', sqlState, text));
    // A client that does not read its last message must not hold the session.
    setImmediate(() => this.socket.destroy());
  }

  async #run(): Promise<void> {
    try {
      const database = await readStartup(this.#reader, this.socket);
      if (database !== undefined) await this.#serve(await this.admit(database));
    } catch (error) {
      if (error instanceof FatalError) this.hangUp(error.sqlState, error.message);
    } finally {
      if (this.#session) await this.#cleanUp(this.#session);
      this.socket.destroySoon();
    }
  }

  /** Runs each batch of the client, until it ends the connection. */
  async #serve({ session, greeting }: OpenDatabase): Promise<void> {
    this.#session = session;
    if (this.socket.writable) this.socket.write(greeting);
    let batch: Buffer[] = [];
    for (let frame = await this.#reader.next('message'); frame; frame = await this.#reader.next('message')) {
      switch (frame[0]) {
        case FRONTEND.terminate:
          return;
        case FRONTEND.copyData:
        case FRONTEND.copyDone:
        case FRONTEND.copyFail:
          break; // These belong to a COPY that was refused.
        case FRONTEND.sync:
        case FRONTEND.query:
        case FRONTEND.flush:
          await this.#runBatch(session, [...batch, frame], frame[0] !== FRONTEND.flush);
          batch = [];
          break;
        default:
          batch.push(frame);
      }
    }
  }

  /** @param complete true if the answer ends with a ReadyForQuery */
  async #runBatch(session: Session, batch: Buffer[], complete: boolean): Promise<void> {
    const continued = session.holds(this);
    await session.take(this);
    // A client that disconnected while it waited may have reported a failure: its batch must not run.
    if (!this.socket.writable) {
      if (!continued) session.release();
      return;
    }
    const { messages, parsedAgain } = this.#statements.prepare(batch, continued);
    const answer = await session.execute(messages);
    if (complete && answer.at(-1) === IDLE) session.release();
    else session.pause();
    if (!this.socket.writable) return;
    // The client did not send that Parse. One that failed is answered with an error, which the client gets.
    const surplus = parsedAgain && answer[0] === PARSE_COMPLETE[0] ? PARSE_COMPLETE.length : 0;
    if (!this.socket.write(answer.subarray(surplus)))
      await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]);
  }

  async #cleanUp(session: Session): Promise<void> {
    const inTransaction = session.holds(this);
    await session.take(this);
    // The Sync ends an incomplete pipeline; PostgreSQL would skip the ROLLBACK without it.
    const rollback = inTransaction ? [SYNC, ROLLBACK] : [];
    await session.execute(Buffer.concat([...rollback, ...this.#statements.closeAll(), RESET_ALL]));
    session.release();
  }
}
