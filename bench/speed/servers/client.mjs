import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** @typedef {{ content: { type: string, text: string }[], structuredContent?: unknown, isError?: boolean }} Answer */
/** @typedef {{ id?: number, method: string, params?: object }} Message */
/** @typedef {{ id?: number, result?: any, error?: { message: string } }} Reply */
/**
 * @typedef {object} Transport
 * @property {(message: Message, protocolVersion: string) => Promise<Reply>} post without an id in the message, the reply is empty
 * @property {() => void} close
 */

/** MCP with as little client as possible, so that what is measured is the server. */
export class Client {
  #id = 0;
  #protocolVersion = '2025-11-25';

  /** @param {string} name of the server @param {Transport} transport */
  constructor(name, transport) {
    this.name = name;
    this.transport = transport;
  }

  async greet() {
    const clientInfo = { name: 'bench', version: '1' };
    const greeting = { protocolVersion: this.#protocolVersion, capabilities: {}, clientInfo };
    this.#protocolVersion = (await this.#request('initialize', greeting)).protocolVersion;
    await this.transport.post({ method: 'notifications/initialized' }, this.#protocolVersion);
  }

  /** @param {string} tool @param {object} args @returns {Promise<Answer>} */
  call(tool, args) {
    return this.#request('tools/call', { name: tool, arguments: args });
  }

  /** @param {string} method @param {object} params @returns {Promise<any>} @throws for an answer that is an error */
  async #request(method, params) {
    const message = { id: (this.#id += 1), method, params };
    const { result, error } = await this.transport.post(message, this.#protocolVersion);
    if (error || result.isError) throw new Error(`${this.name}: ${error?.message ?? JSON.stringify(result)}`);
    return result;
  }
}

/**
 * The pipes of a process.
 * @param {import('node:stream').Writable} stdin
 * @param {import('node:stream').Readable} stdout
 * @param {Promise<Error>} gone after which nothing that is asked will be answered any more
 * @returns {Transport}
 */
export function overPipes(stdin, stdout, gone) {
  /** @type {Map<number, (reply: Reply) => void>} */
  const waiting = new Map();
  createInterface({ input: stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    /** @type {Reply} */
    const reply = JSON.parse(line);
    waiting.get(reply.id ?? 0)?.(reply);
    waiting.delete(reply.id ?? 0);
  });
  /** @type {Error | undefined} */
  let lost;
  const giveUp = async () => {
    const error = (lost = await gone);
    for (const reply of waiting.values()) reply({ error });
    waiting.clear();
  };
  void giveUp();
  return {
    async post({ id, ...message }) {
      if (lost) throw lost;
      stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...message })}\n`);
      return id === undefined ? {} : new Promise((resolve) => waiting.set(id, resolve));
    },
    close: () => {},
  };
}

/** @param {string} url @returns {Transport} */
export function overHttp(url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  /** @type {string | undefined} */
  let session;
  return {
    async post(message, protocolVersion) {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': protocolVersion,
        ...(session && { 'mcp-session-id': session }),
      };
      const request = http.request(url, { agent, method: 'POST', headers });
      request.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
      const [response] = /** @type {[http.IncomingMessage]} */ (await once(request, 'response'));
      const body = await text(response);
      session ??= response.headers['mcp-session-id']?.toString();
      if (message.id === undefined) return {};
      if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${body}`);
      return JSON.parse(body);
    },
    close: () => agent.destroy(),
  };
}
