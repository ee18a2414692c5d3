import http from 'node:http';

/** @typedef {{ content: { type: string, text: string }[], isError?: boolean }} Answer */
/** MCP over HTTP with as little client as possible, so that what is measured is the server. */
export class RawHttpClient {
  #id = 0;
  /** @type {string | undefined} */
  #session;
  #protocolVersion = '2025-11-25';
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  #url;

  /** @param {string} url */
  constructor(url) {
    this.#url = new URL(url);
  }

  async greet() {
    const clientInfo = { name: 'bench', version: '1' };
    const greeting = { protocolVersion: this.#protocolVersion, capabilities: {}, clientInfo };
    this.#protocolVersion = (await this.request('initialize', greeting)).protocolVersion;
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  /** @param {string} tool @param {object} args */
  call(tool, args = {}) {
    return this.request('tools/call', { name: tool, arguments: args });
  }

  /** @param {string} method @param {object} params */
  async request(method, params) {
    const { status, body } = await this.#post({ jsonrpc: '2.0', id: (this.#id += 1), method, params });
    const message = JSON.parse(body);
    if (status !== 200 || message.error || message.result.isError) throw new Error(`${status} ${body}`);
    return message.result;
  }

  close() {
    this.#agent.destroy();
  }

  /** @param {object} message @returns {Promise<{ status: number | undefined, body: string }>} */
  #post(message) {
    const body = JSON.stringify(message);
    return new Promise((resolve, reject) => {
      const request = http.request(
        this.#url,
        {
          agent: this.#agent,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            accept: 'application/json, text/event-stream',
            'mcp-protocol-version': this.#protocolVersion,
            ...(this.#session && { 'mcp-session-id': this.#session }),
          },
        },
        (response) => {
          /** @type {Buffer[]} */
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => {
            this.#session ??= response.headers['mcp-session-id']?.toString();
            resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}
