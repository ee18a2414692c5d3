import { BACKEND, cString, endOfString, FRONTEND, message, messagesOf } from './frames.js';

/** A batch for PGlite. */
interface Prepared {
  messages: Buffer;
  /** The CloseCompletes of the answer, counted from 0, that the client did not request. */
  surplus: ReadonlySet<number>;
}

/** The first byte of a Describe or a Close that names a statement, not a portal. */
const STATEMENT = 0x53;

const COPY_REFUSED = message(
  FRONTEND.copyFail,
  cString('the embedded database takes no data from the client; use INSERT'),
);

/**
 * The prepared statements of one connection. They are renamed, because all connections share one session and two may use
 * the same name. The unnamed statement gets a name, too, so it is closed before it is prepared again. Portals need
 * neither: they end before another connection gets the session.
 */
export class Statements {
  #names = new Map<string, string>();
  #mayCopy = false;

  constructor(private readonly connectionId: number) {}

  /** @throws FatalError for a message without its strings */
  prepare(batch: Buffer[]): Prepared {
    const out: Buffer[] = [];
    const surplus = new Set<number>();
    let closes = 0;
    for (const frame of batch) {
      if (frame[0] === FRONTEND.parse && frame[5] === 0 && this.#names.has('')) {
        out.push(closeStatement(this.#nameFor('')));
        surplus.add(closes++);
      }
      if (frame[0] === FRONTEND.close) closes++;
      out.push(this.#rewrite(frame));
      if (this.#awaitsCopyData(frame)) out.push(COPY_REFUSED);
    }
    return { messages: Buffer.concat(out), surplus };
  }

  /** Messages that close every statement of this connection. */
  closeAll(): Buffer[] {
    return [...this.#names.values()].map(closeStatement);
  }

  #rewrite(frame: Buffer): Buffer {
    switch (frame[0]) {
      case FRONTEND.parse:
        return this.#rename(frame, 5);
      case FRONTEND.bind:
        return this.#rename(frame, endOfString(frame, 5));
      case FRONTEND.describe:
      case FRONTEND.close:
        return frame[5] === STATEMENT ? this.#rename(frame, 6) : frame;
      default:
        return frame;
    }
  }

  /** Replaces the statement name that starts at `from`. */
  #rename(frame: Buffer, from: number): Buffer {
    const end = endOfString(frame, from);
    const name = this.#nameFor(frame.toString('latin1', from, end - 1));
    return message(frame[0] ?? 0, frame.subarray(5, from), cString(name), frame.subarray(end));
  }

  #nameFor(name: string): string {
    let renamed = this.#names.get(name);
    if (renamed === undefined) {
      // PostgreSQL cuts names at 63 bytes.
      renamed = `steward_${this.connectionId}_${this.#names.size}`;
      this.#names.set(name, renamed);
    }
    return renamed;
  }

  /**
   * COPY … FROM STDIN makes PGlite read data that has not arrived, reach the end of its input and exit. A CopyFail after
   * each message that may be such a COPY makes that an SQL error. PostgreSQL ignores it after all other statements.
   */
  #awaitsCopyData(frame: Buffer): boolean {
    const type = frame[0];
    if (type === FRONTEND.query) return mentionsStdin(frame);
    if (type === FRONTEND.parse) this.#mayCopy ||= mentionsStdin(frame);
    return type === FRONTEND.execute && this.#mayCopy;
  }
}

/**
 * Removes from PGlite's answer the CloseCompletes that the client did not request.
 * @returns `idle` is true if the batch ends outside of a transaction
 */
export function readAnswer(answer: Buffer, surplus: ReadonlySet<number>): { bytes: Buffer; idle: boolean } {
  const kept: Buffer[] = [];
  let idle = false;
  let closes = 0;
  let keptTo = 0;
  for (const { type, from, to } of messagesOf(answer)) {
    if (type === BACKEND.readyForQuery) idle = answer[from + 5] === 0x49; // I
    if (type === BACKEND.closeComplete && surplus.has(closes++)) {
      kept.push(answer.subarray(keptTo, from));
      keptTo = to;
    }
  }
  const rest = answer.subarray(keptTo);
  return { bytes: kept.length === 0 ? rest : Buffer.concat([...kept, rest]), idle };
}

function closeStatement(name: string): Buffer {
  return message(FRONTEND.close, Buffer.of(STATEMENT), cString(name));
}

function mentionsStdin(frame: Buffer): boolean {
  return /stdin/i.test(frame.toString('latin1', 5));
}
