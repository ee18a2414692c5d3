import { once } from 'node:events';
import type { Socket } from 'node:net';
import { readAnswer } from './answer.js';
import {
  cString,
  fatal,
  FRONTEND,
  MAX_MESSAGE,
  message,
  MessageReader,
  ProtocolViolation,
} from './frames.js';
import type { Holder, Session } from './session.js';
import { answerStartup } from './startup.js';
import { Statements } from './statements.js';

const SYNC = message(FRONTEND.sync);
const ROLLBACK = message(FRONTEND.query, cString('ROLLBACK'));
/** Settings are the one session's: a client must not leave its time zone or search path to the others. */
const RESET_ALL = message(FRONTEND.query, cString('RESET ALL'));
const STARTUP_LIMIT_MS = 30_000;
/** More unread answer than this, and the client is waited for before its next batch. Bytes. */
const UNREAD_LIMIT = 8 * 1024 * 1024;

/** One client, from its start-up packet to the end of its socket. */
export class Connection implements Holder {
  readonly #reader = new MessageReader();
  readonly #statements: Statements;
  #batch: Buffer[] = [];
  #batchBytes = 0;

  constructor(
    private readonly id: number,
    private readonly socket: Socket,
    private readonly session: Session,
    private readonly parameters: Buffer,
    /** Why this client cannot be let in, as an SQLSTATE and a text; undefined if it can. */
    private readonly refusal: { sqlState: string; text: string } | undefined,
  ) {
    this.#statements = new Statements(this, id, session);
    socket.on('error', () => socket.destroy());
  }

  /** Serves the client until it goes, then takes away what it left in the session. Never rejects for its sake. */
  async run(): Promise<void> {
    try {
      await this.#serve();
    } catch (error) {
      if (error instanceof ProtocolViolation) this.#hangUp(fatal('08P01', error.message));
    } finally {
      await this.#cleanUp();
      this.socket.destroySoon();
    }
  }

  evict(): void {
    this.#hangUp(
      fatal('25P03', 'terminating connection due to idle-in-transaction timeout: others are waiting'),
    );
  }

  /** Ends the connection because the database goes away. */
  shutDown(): void {
    this.#hangUp(fatal('57P01', 'terminating connection due to administrator command'));
  }

  async #serve(): Promise<void> {
    let phase: 'startup' | 'queries' | 'end' = 'startup';
    this.socket.setTimeout(STARTUP_LIMIT_MS, () => this.socket.destroy());
    // The socket must outlive the loop: the reason for leaving it has yet to be sent.
    for await (const chunk of this.socket.iterator({ destroyOnReturn: false })) {
      this.#reader.push(chunk as Buffer);
      while (phase === 'startup') {
        const packet = this.#reader.startup();
        if (!packet) break;
        phase = this.#startUp(packet);
      }
      if (phase === 'queries') phase = await this.#readQueries();
      if (phase === 'end') return;
    }
  }

  #startUp(packet: Buffer): 'startup' | 'queries' | 'end' {
    const { bytes, next } = answerStartup(packet, this.parameters, this.id);
    if (next !== 'queries') {
      this.socket.write(bytes);
      return next;
    }
    if (this.refusal) {
      this.socket.write(fatal(this.refusal.sqlState, this.refusal.text));
      return 'end';
    }
    this.socket.setTimeout(0);
    this.socket.write(bytes);
    return 'queries';
  }

  /** Runs every complete batch that has arrived. */
  async #readQueries(): Promise<'queries' | 'end'> {
    for (let frame = this.#reader.message(); frame; frame = this.#reader.message()) {
      switch (frame[0]) {
        case FRONTEND.terminate:
          return 'end';
        case FRONTEND.copyData:
        case FRONTEND.copyDone:
        case FRONTEND.copyFail:
          break; // The rest of a COPY that was refused.
        default:
          this.#batch.push(frame);
          this.#batchBytes += frame.length;
          if (this.#batchBytes > MAX_MESSAGE + frame.length)
            throw new ProtocolViolation('too many messages without a Sync');
          if (endsBatch(frame)) await this.#runBatch();
      }
    }
    return 'queries';
  }

  async #runBatch(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    const continued = this.session.holds(this);
    await this.session.take(this);
    // A client that went while it waited was told nothing, and may have told somebody that nothing was done.
    if (!this.socket.writable) {
      if (!continued) this.session.release();
      return;
    }
    const { messages, surplusParseComplete } = this.#statements.prepare(batch);
    const answer = readAnswer(await this.session.execute(messages), surplusParseComplete);
    if (answer.failed) this.#statements.failed();
    if (answer.status === 'I') this.session.release();
    else this.session.pause();
    if (!this.socket.writable) return;
    this.socket.write(answer.bytes);
    if (this.socket.writableLength > UNREAD_LIMIT)
      await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]);
  }

  async #cleanUp(): Promise<void> {
    const close = this.#statements.closeAll();
    const inTurn = this.session.holds(this);
    await this.session.take(this);
    // The Sync ends a pipeline that broke off half-way; only then is the ROLLBACK heard.
    await this.session.execute(Buffer.concat([...(inTurn ? [SYNC, ROLLBACK] : []), ...close, RESET_ALL]));
    if (inTurn) this.#statements.failed();
    this.session.release();
  }

  #hangUp(lastWords: Buffer): void {
    this.socket.end(lastWords);
    // A client that does not read its last message must not keep the turn.
    setImmediate(() => this.socket.destroy());
  }
}

function endsBatch(frame: Buffer): boolean {
  return frame[0] === FRONTEND.sync || frame[0] === FRONTEND.query || frame[0] === FRONTEND.flush;
}
