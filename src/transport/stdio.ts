import {
  ErrorCode,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { parseJson } from '../protocol/parse-json.js';
import { refuseBatch } from './batch.js';
import { answerFlaw, isRequest, looksLikeAnswer, readMessage, type FlawAnswer } from './message.js';

type Answer = JSONRPCMessage | FlawAnswer;
type Notify = (method: string, params: Record<string, unknown>) => void;

export interface StdioOptions {
  /** Answers a request, which the client has cancelled when the signal is aborted. A request of a batch cannot notify. */
  answer(
    request: JSONRPCRequest,
    by: { signal: AbortSignal; notify: Notify | undefined },
  ): Promise<JSONRPCMessage>;
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
  /** As the greeting settled it; there may be none. */
  #version: string | undefined;

  constructor(private readonly options: StdioOptions) {}

  start(): void {
    process.stdin.on('data', (chunk: Buffer) => this.#receive(chunk));
    for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => this.options.onEnd());
    // The client reads no more answers, so none is sent.
    process.stdout.on('error', () => {
      this.#underWay.clear();
      this.#drained?.();
      this.options.onEnd();
    });
  }

  /** Resolves when all that was received so far was answered, or `ms` milliseconds later. */
  async idle(ms: number): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
    if (this.#underWay.size > 0)
      await Promise.race([late, new Promise<void>((resolve) => (this.#drained = resolve))]);
    // Refusals are not among those under way, and may not have left the process yet.
    await Promise.race([late, new Promise<void>((resolve) => process.stdout.write('', () => resolve()))]);
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
    const batch = Array.isArray(json) ? (json as unknown[]) : undefined;
    const why = batch && refuseBatch(batch, this.#version);
    if (why !== undefined) this.#refuse(ErrorCode.InvalidRequest, why);
    else if (batch) void this.#deliverBatch(batch);
    else void this.#take(json, this.#notify).then((answer) => answer && this.#send(answer, [answer]));
  }

  async #deliverBatch(batch: unknown[]): Promise<void> {
    const taken = await Promise.all(batch.map((json) => this.#take(json)));
    const answers = taken.filter((answer) => answer !== undefined);
    // What is owed no answer does not even get an empty list (JSON-RPC 2.0, section 6).
    if (answers.length > 0) this.#send(answers, answers);
  }

  /** @returns the answer to a message, if it is owed one */
  async #take(json: unknown, notify?: Notify): Promise<Answer | undefined> {
    const read = readMessage(json);
    if ('flaw' in read) return looksLikeAnswer(json) ? undefined : answerFlaw(read.flaw);
    const { message } = read;
    if (isRequest(message)) return this.#answer(message, notify);
    if ('method' in message && message.method === 'notifications/cancelled')
      this.#cancel(message.params?.['requestId'] as RequestId);
    return undefined;
  }

  async #answer(request: JSONRPCRequest, notify: Notify | undefined): Promise<Answer | undefined> {
    const cancelling = new AbortController();
    this.#underWay.set(request.id, cancelling);
    const answer = await this.options.answer(request, { signal: cancelling.signal, notify });
    if (request.method === 'initialize' && 'result' in answer)
      this.#version = answer.result['protocolVersion'] as string;
    return cancelling.signal.aborted ? undefined : answer;
  }

  readonly #notify: Notify = (method, params) => this.#send({ jsonrpc: '2.0', method, params }, []);

  /** Lines that are made at one moment leave together: each write of its own costs as much as making the line. */
  #send(line: object, answers: Answer[]): void {
    if (process.stdout.writableCorked === 0) {
      process.stdout.cork();
      setImmediate(() => process.stdout.uncork());
    }
    // Calls back when the line has left the process, or when the client no longer reads.
    process.stdout.write(`${JSON.stringify(line)}\n`, () => {
      for (const answer of answers) if ('id' in answer) this.#settle(answer.id);
    });
  }

  /** A cancelled request is owed no answer (specification 2025-11-25, basic/utilities/cancellation). */
  #cancel(id: RequestId): void {
    this.#underWay.get(id)?.abort();
    this.#settle(id);
  }

  #settle(id: RequestId | null | undefined): void {
    this.#underWay.delete(id as RequestId);
    if (this.#underWay.size === 0) this.#drained?.();
  }

  /** Refuses what has no id that could be known. */
  #refuse(rpcCode: ErrorCode, why: string): void {
    this.#send(answerFlaw({ rpcCode, why, id: null }), []);
  }
}
