import { once } from 'node:events';
import type { Socket } from 'node:net';
import {
  BACKEND,
  cString,
  FatalError,
  FRONTEND,
  MAX_MESSAGE,
  message,
  MessageReader,
  report,
} from './frames.js';
import type { Holder, Session } from './session.js';
import { greet, readStartup } from './startup.js';
import { readAnswer, Statements } from './statements.js';

const SYNC = message(FRONTEND.sync);
const ROLLBACK = message(FRONTEND.query, cString('ROLLBACK'));
/** Settings are the one session's: a client must not leave its time zone or search path to the others. */
const RESET_ALL = message(FRONTEND.query, cString('RESET ALL'));
const STARTUP_LIMIT_MS = 30_000;
/** More unread answer than this, and the client is waited for before its next batch. Bytes. */
const UNREAD_LIMIT = 8 * 1024 * 1024;

export interface OpenDatabase {
  session: Session;
  /** PGlite's ParameterStatus messages. */
  parameters: Buffer;
}

/** One client, from its start-up packet to the end of its socket. */
export class Connection implements Holder {
  /** Resolves when the client is gone and what it left is out of the session. Never rejects for its sake. */
  readonly ended: Promise<void>;
  readonly #reader = new MessageReader();
  readonly #statements: Statements;
  #session: Session | undefined;
  #batch: Buffer[] = [];
  #batchBytes = 0;

  constructor(
    private readonly id: number,
    private readonly socket: Socket,
    /** Resolves when the client may use the database of that name. @throws FatalError if it may not */
    private readonly admit: (database: string) => Promise<OpenDatabase>,
  ) {
    this.#statements = new Statements(id);
    socket.on('error', () => socket.destroy());
    this.ended = this.#run();
  }

  /** Sends progress to a client that waits. */
  notify(text: string): void {
    if (this.socket.writable) this.socket.write(report(BACKEND.notice, 'NOTICE', '00000', text));
  }

  evict(): void {
    this.#hangUp('25P03', 'terminating connection due to idle-in-transaction timeout: others are waiting');
  }

  /** Ends the connection because the database goes away. */
  shutDown(): void {
    this.#hangUp('57P01', 'terminating connection due to administrator command');
  }

  async #run(): Promise<void> {
    try {
      await this.#serve();
    } catch (error) {
      if (error instanceof FatalError) this.#hangUp(error.sqlState, error.message);
    } finally {
      if (this.#session) await this.#cleanUp(this.#session);
      this.socket.destroySoon();
    }
  }

  async #serve(): Promise<void> {
    this.socket.setTimeout(STARTUP_LIMIT_MS, () => this.socket.destroy());
    let goesOn = true;
    // The socket must outlive the loop: the reason for leaving it has yet to be sent.
    for await (const chunk of this.socket.iterator({ destroyOnReturn: false })) {
      this.#reader.push(chunk as Buffer);
      while (goesOn && !this.#session) {
        const packet = this.#reader.startup();
        if (!packet) break;
        goesOn = await this.#startUp(packet);
      }
      if (this.#session) goesOn = await this.#readQueries(this.#session);
      if (!goesOn) return;
    }
  }

  async #startUp(packet: Buffer): Promise<boolean> {
    const request = readStartup(packet);
    // PGlite computes on the thread that would read the request: there is nothing to cancel by the time it does.
    if (request.kind === 'cancel') return false;
    if (request.kind === 'encryption') return this.socket.write('N') || true;
    this.socket.setTimeout(0);
    const { session, parameters } = await this.admit(request.database);
    this.#session = session;
    if (this.socket.writable) this.socket.write(greet(request.protocol, parameters, this.id));
    return true;
  }

  /** Runs every complete batch that has arrived. @returns false at the end of the conversation */
  async #readQueries(session: Session): Promise<boolean> {
    for (let frame = this.#reader.message(); frame; frame = this.#reader.message()) {
      switch (frame[0]) {
        case FRONTEND.terminate:
          return false;
        case FRONTEND.copyData:
        case FRONTEND.copyDone:
        case FRONTEND.copyFail:
          break; // The rest of a COPY that was refused.
        default:
          this.#batch.push(frame);
          this.#batchBytes += frame.length;
          if (this.#batchBytes > MAX_MESSAGE + frame.length)
            throw new FatalError('08P01', 'too many messages without a Sync');
          if (endsBatch(frame)) await this.#runBatch(session);
      }
    }
    return true;
  }

  async #runBatch(session: Session): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    const continued = session.holds(this);
    await session.take(this);
    // A client that went while it waited got no answer, and may have reported that nothing was done.
    if (!this.socket.writable) {
      if (!continued) session.release();
      return;
    }
    const { messages, surplus } = this.#statements.prepare(batch);
    const { bytes, idle } = readAnswer(await session.execute(messages), surplus);
    if (idle) session.release();
    else session.pause();
    if (!this.socket.writable) return;
    this.socket.write(bytes);
    if (this.socket.writableLength > UNREAD_LIMIT)
      await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]);
  }

  async #cleanUp(session: Session): Promise<void> {
    const inTransaction = session.holds(this);
    await session.take(this);
    // The Sync ends a pipeline that broke off half-way; only then is the ROLLBACK heard.
    const rollback = inTransaction ? [SYNC, ROLLBACK] : [];
    await session.execute(Buffer.concat([...rollback, ...this.#statements.closeAll(), RESET_ALL]));
    session.release();
  }

  #hangUp(sqlState: string, text: string): void {
    this.socket.end(report(BACKEND.error, 'FATAL', sqlState, text));
    // A client that does not read its last message must not keep the session.
    setImmediate(() => this.socket.destroy());
  }
}

function endsBatch(frame: Buffer): boolean {
  return frame[0] === FRONTEND.sync || frame[0] === FRONTEND.query || frame[0] === FRONTEND.flush;
}
