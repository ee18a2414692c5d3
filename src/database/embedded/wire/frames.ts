/** Messages of the PostgreSQL frontend/backend protocol, version 3, as bytes. */

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
  authentication: 0x52,
  backendKeyData: 0x4b,
  closeComplete: 0x33,
  error: 0x45,
  negotiateProtocolVersion: 0x76,
  notice: 0x4e,
  parameterStatus: 0x53,
  readyForQuery: 0x5a,
} as const;

/** In bytes. A larger message closes its connection, because all connections share the session's memory. */
export const MAX_MESSAGE = 64 * 1024 * 1024;
const MAX_STARTUP_PACKET = 10_000;

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

/** Splits a stream of bytes into messages. Chunks are joined only when a message is complete. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /**
   * The next packet of the start-up phase (length, code, …), or undefined until it is complete.
   * @throws FatalError for an impossible length
   */
  startup(): Buffer | undefined {
    return this.#next(0, 8, MAX_STARTUP_PACKET);
  }

  /**
   * The next typed message (type, length, …), or undefined until it is complete.
   * @throws FatalError for an unknown type or an impossible length. Both are checked in the header, because an unknown
   * type makes PGlite loop for ever.
   */
  message(): Buffer | undefined {
    return this.#next(1, 4, MAX_MESSAGE);
  }

  /** @param typeBytes the number of bytes before the length, which does not include them */
  #next(typeBytes: 0 | 1, shortest: number, longest: number): Buffer | undefined {
    const headerBytes = typeBytes + 4;
    if (this.#length < headerBytes) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < headerBytes) this.#join();
    const header = this.#chunks[0] as Buffer;
    const length = header.readInt32BE(typeBytes);
    if (typeBytes === 1 && !KNOWN.has(header.readUInt8(0)))
      throw new FatalError('08P01', `invalid frontend message type ${header.readUInt8(0)}`);
    if (length < shortest || length > longest) throw new FatalError('08P01', 'invalid message length');
    const end = typeBytes + length;
    if (this.#length < end) return undefined;
    const all = this.#join();
    this.#chunks = [all.subarray(end)];
    this.#length -= end;
    return all.subarray(0, end);
  }

  #join(): Buffer {
    const [first = Buffer.alloc(0), ...rest] = this.#chunks;
    const all = rest.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

/** Yields the position of each message in `bytes`: `from` is its type, `to` is the first byte after it. */
export function* messagesOf(bytes: Buffer): Generator<{ type: number; from: number; to: number }> {
  for (let from = 0, to; from + 5 <= bytes.length; from = to) {
    to = from + 1 + bytes.readInt32BE(from + 1);
    yield { type: bytes.readUInt8(from), from, to };
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
