import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ErrorCode, JSONRPCMessageSchema, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { StewardError } from '../errors.js';
import { toRpcError } from '../protocol/errors.js';
import { describeNonMessage, looksLikeAnswer } from './not-a-message.js';

/** Far above any honest call; what is longer is dropped as it comes in, without being held in memory. */
const LONGEST_LINE_BYTES = 8 * 1024 * 1024;

const NEWLINE = 10;

/**
 * MCP over stdio: one JSON-RPC message a line (specification 2025-11-25, basic/transports). Unlike the SDK's own, it
 * notices when the client goes away, answers what is not a message instead of passing over it in silence, and stays
 * open after a line that is too long.
 */
export class StdioTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  /** The client closed its end: nothing more will come, but what came may still be answered. */
  onend?: () => void;

  #parts: Buffer[] = [];
  #length = 0;
  #closed = false;
  readonly #unanswered = new Set<string | number>();
  #drained: (() => void) | undefined;

  constructor(
    private readonly input: Readable = process.stdin,
    private readonly output: Writable = process.stdout,
  ) {}

  async start(): Promise<void> {
    this.input.on('data', (chunk: Buffer) => this.#receive(chunk));
    for (const event of ['end', 'close', 'error']) this.input.on(event, () => this.onend?.());
    // The client reads no more answers, so none is sent.
    this.output.on('error', () => {
      this.#unanswered.clear();
      this.#drained?.();
      this.onend?.();
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    // Calls back when the line has left the process, or when the client no longer reads.
    await new Promise<void>((resolve) => this.output.write(`${JSON.stringify(message)}\n`, () => resolve()));
    if (!('method' in message) && message.id !== undefined) this.#answered(message.id);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.input.pause();
    this.onclose?.();
  }

  /** Resolves when every request received so far was answered, or `ms` milliseconds later. */
  async idle(ms: number): Promise<void> {
    if (this.#unanswered.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      setTimeout(resolve, ms);
    });
  }

  #receive(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end));
      this.#finishLine();
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  #hold(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > LONGEST_LINE_BYTES) this.#parts = [];
    else this.#parts.push(part);
  }

  #finishLine(): void {
    const tooLong = this.#length > LONGEST_LINE_BYTES;
    const line = tooLong ? '' : Buffer.concat(this.#parts).toString('utf8').trim();
    this.#parts = [];
    this.#length = 0;
    if (tooLong)
      this.#refuse(
        ErrorCode.InvalidRequest,
        `Messages of more than ${LONGEST_LINE_BYTES} bytes are not read.`,
      );
    else if (line !== '') this.#deliver(line);
  }

  #deliver(line: string): void {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return this.#refuse(ErrorCode.ParseError, 'This line is not JSON.');
    }
    if (Array.isArray(json))
      return this.#refuse(ErrorCode.InvalidRequest, 'Batches are not part of this protocol version.');
    const message = JSONRPCMessageSchema.safeParse(json);
    if (!message.success) {
      if (!looksLikeAnswer(json))
        this.#refuse(ErrorCode.InvalidRequest, describeNonMessage(json), requestId(json));
      return;
    }
    this.#trackRequest(message.data);
    this.onmessage?.(message.data);
  }

  /** Answers what could not be understood (JSON-RPC 2.0, section 5.1: with id null where it is not known). */
  #refuse(code: ErrorCode, why: string, id: string | number | null = null): void {
    const { message, data } = toRpcError(new StewardError('VALIDATION', why));
    this.output.write(`${JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } })}\n`);
  }

  /** A request is owed an answer, unless the client cancels it. */
  #trackRequest(message: JSONRPCMessage): void {
    if (!('method' in message)) return;
    if ('id' in message) this.#unanswered.add(message.id);
    else if (message.method === 'notifications/cancelled')
      this.#answered(message.params?.['requestId'] as string | number);
  }

  #answered(id: string | number): void {
    this.#unanswered.delete(id);
    if (this.#unanswered.size === 0) this.#drained?.();
  }
}

function requestId(json: unknown): string | number | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null;
  // A number beyond those that JavaScript knows exactly is another by now.
  return typeof id === 'string' || (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER)
    ? id
    : null;
}
