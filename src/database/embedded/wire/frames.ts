/** Messages of the PostgreSQL frontend/backend protocol, version 3, as bytes. */
import type { Socket } from 'node:net';

/** Messages of a client after start-up. FunctionCall is absent: only old libpq code uses it. */
export const FRONTEND = {
  parse: 0x50,
  bind: 0x42,
  describe: 0x44,
  execute: 0x45,
  close: 0x43,
  sync: 0x53,
  flush: 0x48,
  query: 0x51,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  terminate: 0x58,
} as const;

/** The messages of a server that are read or sent here. */
export const BACKEND = {
  error: 0x45,
  negotiateProtocolVersion: 0x76,
  notice: 0x4e,
  parseComplete: 0x31,
} as const;

/** In bytes. A larger message closes its connection, because all connections share the session's memory. */
const MAX_MESSAGE = 64 * 1024 * 1024;

const KNOWN: ReadonlySet<number> = new Set(Object.values(FRONTEND));

/** Ends a client's connection. The client receives the message. */
export class FatalError extends Error {
  override readonly name = 'FatalError';

  constructor(
    readonly sqlState: string,
    text: string,
  ) {
    super(text);
  }
}

/** Reads the messages of a client. The socket keeps the bytes of a message that is not complete. */
export class MessageReader {
  #wake = () => {};

  constructor(private readonly socket: Socket) {
    for (const event of ['readable', 'end', 'close']) socket.on(event, () => this.#wake());
  }

  /**
   * Resolves with the next message (type, length, …), or packet of the start-up phase (length, code, …); with undefined if
   * the client ends.
   * @throws FatalError for an unknown type or an impossible length. Both are checked in the header, because an unknown
   * type makes PGlite loop for ever.
   */
  async next(kind: 'packet' | 'message'): Promise<Buffer | undefined> {
    const [typeBytes, shortestBody] = kind === 'message' ? [1, 0] : [0, 4];
    const header = await this.#read(typeBytes + 4);
    if (!header) return undefined;
    if (kind === 'message' && !KNOWN.has(header.readUInt8(0)))
      throw new FatalError('08P01', `invalid frontend message type ${header.readUInt8(0)}`);
    const bodyBytes = header.readInt32BE(typeBytes) - 4;
    if (bodyBytes < shortestBody || bodyBytes > MAX_MESSAGE)
      throw new FatalError('08P01', 'invalid message length');
    if (bodyBytes === 0) return header;
    const body = await this.#read(bodyBytes);
    return body && Buffer.concat([header, body]);
  }

  /** Resolves with exactly so many bytes, or with undefined if the client ends before. */
  async #read(count: number): Promise<Buffer | undefined> {
    while (this.socket.readable) {
      const bytes = this.socket.read(count) as Buffer | null;
      if (bytes) return bytes.length === count ? bytes : undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return undefined;
  }
}

export function message(type: number, ...body: Buffer[]): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(type, 0);
  header.writeInt32BE(4 + body.reduce((sum, part) => sum + part.length, 0), 1);
  return Buffer.concat([header, ...body]);
}

/** Encodes text as the protocol does, with a zero at the end. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

/** Encodes an ErrorResponse or a NoticeResponse. */
export function report(type: number, severity: string, sqlState: string, text: string): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${sqlState}`, `M${text}`, ''];
  return message(type, ...fields.map(cString));
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** The position after the zero that ends the string at `from`. @throws FatalError without such a zero */
export function endOfString(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0, from);
  if (end < 0) throw new FatalError('08P01', 'invalid string in message');
  return end + 1;
}
