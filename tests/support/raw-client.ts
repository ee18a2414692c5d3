import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { bareEnvironment, MAIN } from './command.mjs';
import type { TestDatabase } from './database.js';
import { parsed, type Exit, type JsonRpcAnswer } from './http.js';

export type Reply = JsonRpcAnswer & { id: string | number | null };

/** The outcome of a tool call: an answer, or the code and the text of an error. */
export interface Outcome {
  code: string | undefined;
  text: string;
  data: Record<string, unknown>;
}

const PATIENCE_MS = 30_000;

/** A server process and its bare pipes: for what no well-behaved client would ever send, and to see every byte it says. */
export class RawClient {
  /** Every line the server ever wrote to stdout. */
  readonly lines: string[] = [];
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<Exit>;
  #stderr = '';
  #partial = '';
  readonly #unread: Reply[] = [];
  /** Says that there is something to read, or never will be. */
  readonly #news = new EventEmitter().setMaxListeners(0);
  #gone = false;
  #nextId = 1;

  /** @param command what runs the server */
  constructor(env: Record<string, string>, command = [MAIN]) {
    this.child = spawn(process.execPath, command, {
      env: bareEnvironment({ STEWARD_CALLER: 'tester', ...env }),
    });
    this.child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    // Writing to a server that is gone is what some tests do on purpose.
    this.child.stdin.on('error', () => {});
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      this.#gone = true;
      this.#news.emit('news');
      return { code, signal };
    });
  }

  /** Starts a server and greets it. */
  static async start(database: TestDatabase, env: Record<string, string> = {}): Promise<RawClient> {
    const client = new RawClient({ ...database.env, ...env });
    await client.greet();
    return client;
  }

  async greet(): Promise<Reply> {
    const reply = await this.request('initialize', {
      protocolVersion: LATEST_PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: 'raw', version: '1' },
    });
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return reply;
  }

  /** Sends text as it is. */
  write(text: string): void {
    this.child.stdin.write(text);
  }

  request(method: string, params?: Record<string, unknown>): Promise<Reply> {
    const id = this.#nextId++;
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return this.reply(id);
  }

  call(tool: string, args: unknown = {}): Promise<Outcome> {
    return this.callWithText(tool, JSON.stringify(args));
  }

  /** Calls a tool with arguments given as JSON text, which may say what no JavaScript value says. */
  async callWithText(tool: string, json: string): Promise<Outcome> {
    const id = this.#nextId++;
    const params = `{"name":${JSON.stringify(tool)},"arguments":${json}}`;
    this.write(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}\n`);
    return toOutcome(await this.reply(id));
  }

  /** The next unread reply to this id. */
  async reply(id: Reply['id']): Promise<Reply> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const at = this.#unread.findIndex((reply) => reply.id === id);
      if (at !== -1) return this.#unread.splice(at, 1)[0] as Reply;
      if (this.#gone || patience.aborted)
        throw new Error(`There is no reply to ${id}. The server said:\n${this.#stderr}`);
      await once(this.#news, 'news', { signal: patience }).catch(() => {});
    }
  }

  stderr(): string {
    return this.#stderr;
  }

  /** Closes stdin, as a client does that goes away, and waits for the server's end. */
  end(): Promise<Exit> {
    this.child.stdin.end();
    return this.exited;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }

  #read(chunk: string): void {
    const parts = (this.#partial + chunk).split('\n');
    this.#partial = parts.pop() ?? '';
    this.lines.push(...parts);
    // What is no JSON stays visible in `lines`.
    this.#unread.push(...(parts.map(parsed).filter(Boolean) as Reply[]));
    this.#news.emit('news');
  }
}

function toOutcome({ result, error }: Reply): Outcome {
  if (error) return { code: `rpc ${error.code}`, text: error.message, data: {} };
  const [content] = (result?.['content'] ?? []) as { text: string }[];
  const text = content?.text ?? '';
  const data = (result?.['structuredContent'] ?? {}) as Record<string, unknown>;
  return { code: result?.['isError'] === true ? /^([A-Z_]+):/.exec(text)?.[1] : undefined, text, data };
}

/** Lines that are not a JSON-RPC message, or a batch of them, of which there must be none. */
export function notJsonRpc(lines: string[]): string[] {
  return lines.filter((line) => ![parsed(line)].flat().every(isMessage));
}

function isMessage(json: unknown): boolean {
  const message = Object(json) as object;
  return 'jsonrpc' in message && message.jsonrpc === '2.0' && ('id' in message || 'method' in message);
}

/** Lines of the log that are not JSON objects with a level and a message, of which there must be none. */
export function notLogLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => {
    const { level, message } = Object(parsed(line)) as Record<string, unknown>;
    return line !== '' && !(typeof level === 'string' && typeof message === 'string');
  });
}
