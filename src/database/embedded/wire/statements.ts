import { cString, endOfString, FRONTEND, message } from './frames.js';

/** The first byte of a Describe or a Close that names a statement, not a portal. */
const STATEMENT = 0x53;

const COPY_REFUSED = message(
  FRONTEND.copyFail,
  cString('the embedded database takes no data from the client; use INSERT'),
);

/**
 * The prepared statements of one connection. All connections share one session, and two may use the same name. So named
 * statements are renamed, and the unnamed one is parsed again if others may have replaced it. Portals need neither: they
 * end before another connection gets the session.
 */
export class Statements {
  #names = new Map<string, string>();
  /** The Parse of the unnamed statement, and whether the session has it. */
  #unnamed: Buffer | undefined;
  #unnamedIsThere = false;
  #mayCopy = false;

  constructor(private readonly connectionId: number) {}

  /**
   * Prepares a batch for PGlite.
   * @param continued true if no other connection had the session since the last batch
   * @returns `parsedAgain` is true if the messages begin with a Parse that is not the client's
   * @throws FatalError for a message without its strings
   */
  prepare(batch: Buffer[], continued: boolean): { messages: Buffer; parsedAgain: boolean } {
    const out: Buffer[] = [];
    let parsedAgain = false;
    if (!continued) this.#unnamedIsThere = false;
    for (const frame of batch) {
      const nameAt = findStatementName(frame);
      const unnamed = nameAt !== undefined && frame[nameAt] === 0;
      if (unnamed) {
        if (frame[0] === FRONTEND.parse) this.#unnamed = frame;
        else if (this.#unnamed && !this.#unnamedIsThere) {
          out.unshift(this.#unnamed);
          parsedAgain = true;
        }
        this.#unnamedIsThere = true;
      }
      out.push(nameAt === undefined || unnamed ? frame : this.#rename(frame, nameAt));
      if (this.#awaitsCopyData(frame)) out.push(COPY_REFUSED);
    }
    return { messages: Buffer.concat(out), parsedAgain };
  }

  /** Messages that close every named statement of this connection. */
  closeAll(): Buffer[] {
    return [...this.#names.values()].map((name) =>
      message(FRONTEND.close, Buffer.of(STATEMENT), cString(name)),
    );
  }

  /** Replaces the statement name that starts at `from`. */
  #rename(frame: Buffer, from: number): Buffer {
    const end = endOfString(frame, from);
    const name = frame.toString('latin1', from, end - 1);
    // PostgreSQL cuts names at 63 bytes.
    const renamed = this.#names.get(name) ?? `steward_${this.connectionId}_${this.#names.size}`;
    this.#names.set(name, renamed);
    return message(frame[0] ?? 0, frame.subarray(5, from), cString(renamed), frame.subarray(end));
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

/** The position of a statement's name in a message. */
function findStatementName(frame: Buffer): number | undefined {
  switch (frame[0]) {
    case FRONTEND.parse:
      return 5;
    case FRONTEND.bind:
      return endOfString(frame, 5);
    case FRONTEND.describe:
    case FRONTEND.close:
      return frame[5] === STATEMENT ? 6 : undefined;
    default:
      return undefined;
  }
}

function mentionsStdin(frame: Buffer): boolean {
  return /stdin/i.test(frame.toString('latin1', 5));
}
