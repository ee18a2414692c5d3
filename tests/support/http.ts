import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { bareEnvironment, MAIN } from './command.mjs';
import { eventually } from './eventually.js';
import { parseLog, type LogLine } from './log.js';

/** The headers that MCP's clients send with every request. */
export const MCP_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': LATEST_PROTOCOL_VERSION,
};

export interface HttpAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The body, parsed; undefined where it is not JSON. */
  json: JsonRpcAnswer | undefined;
}

export interface JsonRpcAnswer {
  jsonrpc?: '2.0';
  id?: string | number | null;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

export interface HttpRequest {
  method?: string;
  path?: string;
  /** Instead of those of MCP; undefined leaves one out. */
  headers?: Record<string, string | undefined>;
  body?: string;
  signal?: AbortSignal;
  /** Without one, each request has a connection of its own. */
  agent?: http.Agent;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A `steward http` in a process of its own, on a port of its own. */
export class HttpSteward {
  #stderr = '';
  readonly exited: Promise<Exit>;
  port = 0;

  private constructor(readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    this.exited = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Starts it, and waits until it serves. @param command what runs it */
  static async start(env: Record<string, string>, command = [MAIN, 'http']): Promise<HttpSteward> {
    const child = spawn(process.execPath, command, {
      env: bareEnvironment({ STEWARD_CALLER: 'tester', HTTP_PORT: '0', ...env }),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const steward = new HttpSteward(child);
    const serving = await steward.logged('serving over http').catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    steward.port = serving['port'] as number;
    return steward;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  stderr(): string {
    return this.#stderr;
  }

  log(): LogLine[] {
    return parseLog(this.#stderr);
  }

  /** The first line of the log with this message, as soon as it is there. */
  async logged(message: string): Promise<LogLine> {
    const line = () => this.log().find((candidate) => candidate.message === message);
    await eventually(() => line() !== undefined || this.child.exitCode !== null).catch(() => {});
    const found = line();
    if (!found) throw new Error(`"${message}" was not logged:\n${this.#stderr}`);
    return found;
  }

  /** Sends a request as it is. */
  async send({ body = '', headers: own = {}, agent, ...options }: HttpRequest): Promise<HttpAnswer> {
    const headers = Object.entries({ ...MCP_HEADERS, ...own }).filter(([, value]) => value !== undefined);
    const request = http.request({
      host: '127.0.0.1',
      port: this.port,
      method: 'POST',
      path: '/mcp',
      ...options,
      agent: agent ?? false,
      headers: Object.fromEntries(headers),
    });
    request.on('error', () => {}).end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const answer = await text(response);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: answer,
      json: parsed(answer),
    };
  }

  /** Sends a JSON-RPC request. */
  request(method: string, params: object = {}, options: HttpRequest = {}): Promise<HttpAnswer> {
    return this.send({ ...options, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
  }

  call(tool: string, args: object = {}, options: HttpRequest = {}): Promise<HttpAnswer> {
    return this.request('tools/call', { name: tool, arguments: args }, options);
  }

  /** The SDK's own client, connected. */
  async client(headers: Record<string, string> = {}): Promise<Client> {
    const client = new Client({ name: 'tests', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(this.url), { requestInit: { headers } });
    await client.connect(transport);
    return client;
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }
}

/** The code that an answer carries in its data; undefined where it is no error. */
export function codeOf({ json }: Pick<HttpAnswer, 'json'>): unknown {
  const meta = json?.result?.['_meta'] as Record<string, { code?: unknown }> | undefined;
  return json?.error?.data?.['code'] ?? meta?.['steward/error']?.code;
}

/** A request's options with this token. */
export const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** The response to a ping with this token. */
export const pingWith = (steward: HttpSteward, token: string) => steward.request('ping', {}, bearing(token));

/** Text as JSON; undefined where it is not. */
export function parsed(json: string): JsonRpcAnswer | undefined {
  try {
    return JSON.parse(json) as JsonRpcAnswer;
  } catch {
    return undefined;
  }
}
