/** Messages of the PostgreSQL frontend/backend protocol, version 3, as bytes. */

/** Messages of a client that has been let in. FunctionCall is left out: nothing but old libpq code uses it. */
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

/** Messages of a server, as far as they are read or sent here. */
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

/** One message larger than this closes its connection: the session's memory is one for all. Bytes. */
export const MAX_MESSAGE = 64 * 1024 * 1024;
const MAX_STARTUP_PACKET = 10_000;

const KNOWN: ReadonlySet<number> = new Set(Object.values(FRONTEND));

/** Ends a client's connection, with this message to it. */
export class FatalError extends Error {
  override readonly name = 'FatalError';

  constructor(
    readonly sqlState: string,
    text: string,
  ) {
    super(text);
  }
}

/** Cuts a stream of bytes into whole messages. Chunks are joined once a message is complete, not one by one. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /**
   * The next packet of the start-up phase (length, code, …), or undefined until it is complete.
   * @throws FatalError for a length no start-up packet has
   */
  startup(): Buffer | undefined {
    return this.#next(0, 8, MAX_STARTUP_PACKET);
  }

  /**
   * The next typed message (type, length, …), or undefined until it is complete.
   * @throws FatalError for an unknown type or an impossible length; both are caught at the header, because an unknown
   * type handed to PGlite sends it into an endless loop
   */
  message(): Buffer | undefined {
    return this.#next(1, 4, MAX_MESSAGE);
  }

  /** @param typeBytes how many bytes stand before the length, which does not count them */
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

/** The place of each message in `bytes`: `from` its type to before `to`. */
export function* messagesOf(bytes: Buffer): Generator<{ type: number; from: number; to: number }> {
  for (let from = 0, to; from + 5 <= bytes.length; from = to) {
    to = from + 1 + bytes.readInt32BE(from + 1);
    yield { type: bytes.readUInt8(from), from, to };
  }
}

/** A message of the given type. */
export function message(type: number, ...body: Buffer[]): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(type, 0);
  header.writeInt32BE(4 + body.reduce((sum, part) => sum + part.length, 0), 1);
  return Buffer.concat([header, ...body]);
}

/** Text as the protocol has it: with a zero behind it. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

/** An ErrorResponse or a NoticeResponse. */
export function report(type: number, severity: string, sqlState: string, text: string): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${sqlState}`, `M${text}`, ''];
  return message(type, ...fields.map(cString));
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** The position after the zero that ends the string at `from`. @throws FatalError where there is none */
export function endOfString(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0, from);
  if (end < 0) throw new FatalError('08P01', 'invalid string in message');
  return end + 1;
}
