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
/** All clients share one session: a client's time zone or search path must not outlast it. */
const RESET_ALL = message(FRONTEND.query, cString('RESET ALL'));
const STARTUP_LIMIT_MS = 30_000;
/** Bytes that a client may leave unread before its next batch runs. */
const UNREAD_LIMIT = 8 * 1024 * 1024;

export interface OpenDatabase {
  session: Session;
  /** PGlite's ParameterStatus messages. */
  parameters: Buffer;
}

/** One client, from its start-up packet to the end of its socket. */
export class Connection implements Holder {
  /** Resolves when the client has disconnected and the session is clean again. A fault of the client never rejects it. */
  readonly ended: Promise<void>;
  readonly #reader = new MessageReader();
  readonly #statements: Statements;
  #session: Session | undefined;
  #batch: Buffer[] = [];
  #batchBytes = 0;

  constructor(
    private readonly id: number,
    private readonly socket: Socket,
    /** Resolves when the client may use the database of this name. @throws FatalError if it may not */
    private readonly admit: (database: string) => Promise<OpenDatabase>,
  ) {
    this.#statements = new Statements(id);
    socket.on('error', () => socket.destroy());
    this.ended = this.#run();
  }

  /** Sends progress to a waiting client. */
  notify(text: string): void {
    if (this.socket.writable) this.socket.write(report(BACKEND.notice, 'NOTICE', '00000', text));
  }

  evict(): void {
    this.#hangUp('25P03', 'terminating connection due to idle-in-transaction timeout: others are waiting');
  }

  /** Ends the connection because the database is closing. */
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
    // The socket must outlive the loop, so that the final error message can be sent.
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
    // PGlite runs on the thread that reads the request, so no statement is running by now.
    if (request.kind === 'cancel') return false;
    if (request.kind === 'encryption') return this.socket.write('N') || true;
    this.socket.setTimeout(0);
    const { session, parameters } = await this.admit(request.database);
    this.#session = session;
    if (this.socket.writable) this.socket.write(greet(request.protocol, parameters, this.id));
    return true;
  }

  /** Runs every complete batch that has arrived. @returns false when the client ends the connection */
  async #readQueries(session: Session): Promise<boolean> {
    for (let frame = this.#reader.message(); frame; frame = this.#reader.message()) {
      switch (frame[0]) {
        case FRONTEND.terminate:
          return false;
        case FRONTEND.copyData:
        case FRONTEND.copyDone:
        case FRONTEND.copyFail:
          break; // These belong to a COPY that was refused.
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
    // A client that disconnected while it waited may have reported a failure: its batch must not run.
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
    // The Sync ends an incomplete pipeline; PostgreSQL would skip the ROLLBACK without it.
    const rollback = inTransaction ? [SYNC, ROLLBACK] : [];
    await session.execute(Buffer.concat([...rollback, ...this.#statements.closeAll(), RESET_ALL]));
    session.release();
  }

  #hangUp(sqlState: string, text: string): void {
    this.socket.end(report(BACKEND.error, 'FATAL', sqlState, text));
    // A client that does not read its last message must not hold the session.
    setImmediate(() => this.socket.destroy());
  }
}

function endsBatch(frame: Buffer): boolean {
  return frame[0] === FRONTEND.sync || frame[0] === FRONTEND.query || frame[0] === FRONTEND.flush;
}
