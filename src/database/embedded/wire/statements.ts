import { cString, endOfString, FRONTEND, message } from './frames.js';
import type { Holder, Session } from './session.js';

/** A batch as PGlite gets it. */
export interface Prepared {
  messages: Buffer;
  /** Which ParseComplete of the answer (counted from 0) the client did not ask for, if any. */
  surplusParseComplete: number | undefined;
}

/** What the first byte of Describe and Close says of the name behind it: a statement's, not a portal's. */
const STATEMENT = 0x53;

const COPY_REFUSED = message(
  FRONTEND.copyFail,
  cString('the embedded database takes no data from the client; use INSERT'),
);

/**
 * One connection's prepared statements inside the session that all share.
 *
 * Named statements are renamed, so that two connections can use one name. The unnamed one is remembered: if another
 * connection has replaced it since, it is parsed again before it is bound. Portals need neither: none outlives a turn.
 */
export class Statements {
  #names = new Map<string, string>();
  #unnamed: Buffer | undefined;
  #mayCopy = false;

  constructor(
    private readonly owner: Holder,
    private readonly connectionId: number,
    private readonly session: Session,
  ) {}

  /**
   * Makes a batch fit the shared session. To be called within the connection's turn.
   * @throws ProtocolViolation for a message without the strings it must have
   */
  prepare(batch: Buffer[]): Prepared {
    const out: Buffer[] = [];
    let parses = 0;
    let surplusParseComplete: number | undefined;
    for (const frame of batch) {
      if (this.#unnamed && this.session.unnamedOwner !== this.owner && usesUnnamed(frame)) {
        out.push(this.#unnamed);
        this.session.unnamedOwner = this.owner;
        surplusParseComplete = parses++;
      }
      out.push(this.#rewrite(frame));
      if (frame[0] === FRONTEND.parse) parses++;
      if (this.#awaitsCopyData(frame)) out.push(COPY_REFUSED);
    }
    return { messages: out.length === 1 && out[0] ? out[0] : Buffer.concat(out), surplusParseComplete };
  }

  /** An error may have stopped a batch before its Parse: nobody knows any more whose the unnamed statement is. */
  failed(): void {
    this.session.unnamedOwner = undefined;
  }

  /** Messages that forget every statement of this connection. */
  closeAll(): Buffer[] {
    return [...this.#names.values()].map((name) =>
      message(FRONTEND.close, Buffer.of(STATEMENT), cString(name)),
    );
  }

  #rewrite(frame: Buffer): Buffer {
    switch (frame[0]) {
      case FRONTEND.query:
        // A simple query drops the session's unnamed statement, whoever's it was.
        this.#unnamed = undefined;
        this.session.unnamedOwner = undefined;
        return frame;
      case FRONTEND.parse:
        return this.#parse(frame);
      case FRONTEND.bind:
        return this.#rename(frame, endOfString(frame, 5));
      case FRONTEND.describe:
      case FRONTEND.close:
        if (!isStatement(frame)) return frame;
        if (frame[0] === FRONTEND.close && frame[6] === 0) this.#closeUnnamed();
        return this.#rename(frame, 6);
      default:
        return frame;
    }
  }

  #parse(frame: Buffer): Buffer {
    if (frame[5] !== 0) return this.#rename(frame, 5);
    this.#unnamed = frame;
    this.session.unnamedOwner = this.owner;
    return frame;
  }

  #closeUnnamed(): void {
    this.#unnamed = undefined;
    this.session.unnamedOwner = undefined;
  }

  /** Replaces the statement name that starts at `from`. The empty name stays as it is. */
  #rename(frame: Buffer, from: number): Buffer {
    const end = endOfString(frame, from);
    if (end === from + 1) return frame;
    const name = frame.toString('latin1', from, end - 1);
    let renamed = this.#names.get(name);
    if (renamed === undefined) {
      // Short, because PostgreSQL cuts names at 63 bytes.
      renamed = `steward_${this.connectionId}_${this.#names.size}`;
      this.#names.set(name, renamed);
    }
    return message(frame[0] ?? 0, frame.subarray(5, from), cString(renamed), frame.subarray(end));
  }

  /**
   * COPY … FROM STDIN makes PGlite read on for data that has not arrived, find the end of its input and exit. A refusal
   * right behind whatever may be such a COPY turns that into an SQL error; elsewhere PostgreSQL ignores it.
   */
  #awaitsCopyData(frame: Buffer): boolean {
    const type = frame[0];
    if (type === FRONTEND.query) return mentionsStdin(frame);
    if (type === FRONTEND.parse) this.#mayCopy ||= mentionsStdin(frame);
    return type === FRONTEND.execute && this.#mayCopy;
  }
}

function usesUnnamed(frame: Buffer): boolean {
  if (frame[0] === FRONTEND.bind) return frame[endOfString(frame, 5)] === 0;
  return frame[0] === FRONTEND.describe && isStatement(frame) && frame[6] === 0;
}

function isStatement(frame: Buffer): boolean {
  return frame[5] === STATEMENT;
}

function mentionsStdin(frame: Buffer): boolean {
  return /stdin/i.test(frame.toString('latin1', 5));
}
