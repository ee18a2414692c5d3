/** Messages of the PostgreSQL frontend/backend protocol, version 3, as bytes. */

/** What a client may send once it has been let in. FunctionCall is left out: nothing but old libpq code uses it. */
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

/** What a server says, as far as it is looked for or said here. */
export const BACKEND = {
  authentication: 0x52,
  backendKeyData: 0x4b,
  error: 0x45,
  negotiateProtocolVersion: 0x76,
  parameterStatus: 0x53,
  parseComplete: 0x31,
  readyForQuery: 0x5a,
} as const;

/** One message larger than this closes its connection: the session's memory is one for all. Bytes. */
export const MAX_MESSAGE = 64 * 1024 * 1024;
const MAX_STARTUP_PACKET = 10_000;

const KNOWN: ReadonlySet<number> = new Set(Object.values(FRONTEND));

/** The client does not speak the protocol; its connection ends with this message. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
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
   * @throws ProtocolViolation for a length no start-up packet has
   */
  startup(): Buffer | undefined {
    const length = this.#peek(4)?.readInt32BE(0);
    if (length === undefined) return undefined;
    if (length < 8 || length > MAX_STARTUP_PACKET)
      throw new ProtocolViolation('invalid length of startup packet');
    return this.#take(length);
  }

  /**
   * The next typed message (type, length, …), or undefined until it is complete.
   * @throws ProtocolViolation for an unknown type or an impossible length; both are caught at the header, because an
   * unknown type handed to PGlite sends it into an endless loop
   */
  message(): Buffer | undefined {
    const header = this.#peek(5);
    if (!header) return undefined;
    const type = header.readUInt8(0);
    const length = header.readInt32BE(1);
    if (!KNOWN.has(type)) throw new ProtocolViolation(`invalid frontend message type ${type}`);
    if (length < 4 || length > MAX_MESSAGE) throw new ProtocolViolation('invalid message length');
    return this.#take(1 + length);
  }

  #peek(bytes: number): Buffer | undefined {
    if (this.#length < bytes) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < bytes) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  #take(bytes: number): Buffer | undefined {
    if (this.#length < bytes) return undefined;
    const [only] = this.#chunks;
    const all = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks);
    this.#chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    this.#length -= bytes;
    return all.subarray(0, bytes);
  }
}

/** Where each of the messages lies that `bytes` consists of: `from` its type to before `to`. */
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

/** An ErrorResponse that ends the connection. */
export function fatal(sqlState: string, text: string): Buffer {
  return message(
    BACKEND.error,
    cString('SFATAL'),
    cString('VFATAL'),
    cString(`C${sqlState}`),
    cString(`M${text}`),
    Buffer.alloc(1),
  );
}

/** The position after the zero that ends the string at `from`. @throws ProtocolViolation where there is none */
export function endOfString(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0, from);
  if (end < 0) throw new ProtocolViolation('invalid string in message');
  return end + 1;
}
