import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { bareEnvironment, MAIN } from './command.mjs';
import type { TestDatabase } from './database.js';

type Id = string | number | null;

export interface Reply {
  jsonrpc: '2.0';
  id: Id;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

/** The outcome of a tool call: an answer, or the code and the text of an error. */
export interface Outcome {
  code: string | undefined;
  text: string;
  data: Record<string, unknown>;
}

interface Waiting {
  id: Id;
  take: (reply: Reply) => void;
  giveUp: (why: string) => void;
}

const PATIENCE_MS = 30_000;

/** A server process and its bare pipes: for what no well-behaved client would ever send, and to see every byte it says. */
export class RawClient {
  /** Every line the server ever wrote to stdout. */
  readonly lines: string[] = [];
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #stderr = '';
  #partial = '';
  #untaken: Reply[] = [];
  readonly #waiting = new Set<Waiting>();
  #gone = false;
  #nextId = 1;

  constructor(env: Record<string, string>) {
    this.child = spawn(process.execPath, [MAIN], {
      env: bareEnvironment({ STEWARD_CALLER: 'tester', ...env }),
    });
    this.child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    // Writing to a server that is gone is what some tests do on purpose.
    this.child.stdin.on('error', () => {});
    this.exited = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    this.child.on('close', () => {
      this.#gone = true;
      for (const waiting of this.#waiting)
        waiting.giveUp(`The server ended without a reply to ${waiting.id}.`);
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
    this.notify('notifications/initialized');
    return reply;
  }

  /** Sends text as it is. */
  write(text: string): void {
    this.child.stdin.write(text);
  }

  notify(method: string, params: Record<string, unknown> = {}): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`);
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
  reply(id: Id): Promise<Reply> {
    const at = this.#untaken.findIndex((reply) => reply.id === id);
    if (at !== -1) return Promise.resolve(...(this.#untaken.splice(at, 1) as [Reply]));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => waiting.giveUp(`No reply to ${id} within ${PATIENCE_MS} ms.`),
        PATIENCE_MS,
      );
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        id,
        take: (reply) => {
          settle();
          resolve(reply);
        },
        giveUp: (why) => {
          settle();
          reject(new Error(`${why} The server said:\n${this.#stderr}`));
        },
      };
      this.#waiting.add(waiting);
      if (this.#gone) waiting.giveUp('The server is gone.');
    });
  }

  stderr(): string {
    return this.#stderr;
  }

  /** Closes stdin, as a client does that goes away, and waits for the server's end. */
  async end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.stdin.end();
    return this.exited;
  }

  async kill(
    signal: NodeJS.Signals = 'SIGKILL',
  ): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    return this.exited;
  }

  #read(chunk: string): void {
    const parts = (this.#partial + chunk).split('\n');
    this.#partial = parts.pop() ?? '';
    for (const line of parts) {
      this.lines.push(line);
      this.#deliver(line);
    }
  }

  #deliver(line: string): void {
    let reply: Reply;
    try {
      reply = JSON.parse(line) as Reply;
    } catch {
      return; // It stays visible in `lines`.
    }
    const waiting = [...this.#waiting].find((candidate) => candidate.id === reply.id);
    if (waiting) waiting.take(reply);
    else this.#untaken.push(reply);
  }
}

function toOutcome({ result, error }: Reply): Outcome {
  if (error) return { code: `rpc ${error.code}`, text: error.message, data: {} };
  const [content] = (result?.['content'] ?? []) as { text: string }[];
  const text = content?.text ?? '';
  const data = (result?.['structuredContent'] ?? {}) as Record<string, unknown>;
  return { code: result?.['isError'] === true ? /^([A-Z_]+):/.exec(text)?.[1] : undefined, text, data };
}

/** Lines that are not a JSON-RPC message, of which there must be none. */
export function notJsonRpc(lines: string[]): string[] {
  return lines.filter((line) => {
    try {
      const message = JSON.parse(line) as Record<string, unknown>;
      return message['jsonrpc'] !== '2.0' || !('id' in message || 'method' in message);
    } catch {
      return true;
    }
  });
}

/** Lines of the log that are not JSON objects with a level and a message, of which there must be none. */
export function notLogLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => {
    if (line === '') return false;
    try {
      const entry = JSON.parse(line) as Record<string, unknown>;
      return typeof entry['level'] !== 'string' || typeof entry['message'] !== 'string';
    } catch {
      return true;
    }
  });
}
