import type { Readable, Writable } from 'node:stream';
import {
  ErrorCode,
  JSONRPCMessageSchema,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { StewardError } from '../errors.js';
import { toRpcError } from '../protocol/errors.js';
import { parseJson } from '../protocol/parse-json.js';
import { describeNonMessage, looksLikeAnswer } from './not-a-message.js';

export interface StdioOptions {
  /** Answers a request, which the client has cancelled when the signal is aborted. */
  answer(request: JSONRPCRequest, signal: AbortSignal): Promise<JSONRPCMessage>;
  /** The client closed its end: nothing more will come, but what came may still be answered. */
  onEnd(): void;
}

/** Far above any honest call; what is longer is dropped as it comes in, without being held in memory. */
const LONGEST_LINE_BYTES = 8 * 1024 * 1024;

const NEWLINE = 10;

/**
 * MCP over stdio: one JSON-RPC message a line (specification 2025-11-25, basic/transports). Unlike the SDK's own, it
 * notices when the client goes away, answers what is not a message instead of passing over it in silence, and stays
 * open after a line that is too long.
 */
export class StdioTransport {
  #parts: Buffer[] = [];
  #length = 0;
  /** The requests that are still owed an answer. */
  readonly #underWay = new Map<RequestId, AbortController>();
  #drained: (() => void) | undefined;

  constructor(
    private readonly options: StdioOptions,
    private readonly input: Readable = process.stdin,
    private readonly output: Writable = process.stdout,
  ) {}

  start(): void {
    this.input.on('data', (chunk: Buffer) => this.#receive(chunk));
    for (const event of ['end', 'close', 'error']) this.input.on(event, () => this.options.onEnd());
    // The client reads no more answers, so none is sent.
    this.output.on('error', () => {
      this.#underWay.clear();
      this.#drained?.();
      this.options.onEnd();
    });
  }

  /** Resolves when every request received so far was answered, or `ms` milliseconds later. */
  async idle(ms: number): Promise<void> {
    if (this.#underWay.size === 0) return;
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
      json = parseJson(line);
    } catch {
      return this.#refuse(ErrorCode.ParseError, 'This line is not JSON.');
    }
    if (Array.isArray(json))
      return this.#refuse(ErrorCode.InvalidRequest, 'Batches are not part of this protocol version.');
    const { data: message } = JSONRPCMessageSchema.safeParse(json);
    if (message && 'method' in message && 'id' in message) void this.#answer(message);
    else if (message && 'method' in message && message.method === 'notifications/cancelled')
      this.#cancel(message.params?.['requestId'] as RequestId);
    else if (!message && !looksLikeAnswer(json))
      this.#refuse(ErrorCode.InvalidRequest, describeNonMessage(json), requestId(json));
  }

  async #answer(request: JSONRPCRequest): Promise<void> {
    const cancelling = new AbortController();
    this.#underWay.set(request.id, cancelling);
    const answer = await this.options.answer(request, cancelling.signal);
    if (cancelling.signal.aborted) return;
    // Calls back when the line has left the process, or when the client no longer reads.
    this.output.write(`${JSON.stringify(answer)}\n`, () => this.#settle(request.id));
  }

  /** A cancelled request is owed no answer (specification 2025-11-25, basic/utilities/cancellation). */
  #cancel(id: RequestId): void {
    this.#underWay.get(id)?.abort();
    this.#settle(id);
  }

  #settle(id: RequestId): void {
    this.#underWay.delete(id);
    if (this.#underWay.size === 0) this.#drained?.();
  }

  /** Answers what could not be understood (JSON-RPC 2.0, section 5.1: with id null where it is not known). */
  #refuse(code: ErrorCode, why: string, id: RequestId | null = null): void {
    const error = { ...toRpcError(new StewardError('VALIDATION', why)), code };
    this.output.write(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`);
  }
}

function requestId(json: unknown): RequestId | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null;
  // A number beyond those that JavaScript knows exactly is another by now.
  return typeof id === 'string' || (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER)
    ? id
    : null;
}
