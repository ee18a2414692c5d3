/** @typedef {import('../../raw-http-client.mjs').Answer} Answer */
/** @typedef {import('./server-process.mjs').ServerProcess} ServerProcess */

/** MCP over the pipes of a process, with as little client as possible, so that what is measured is the server. */
export class StdioClient {
  #id = 0;
  #partial = '';
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  /** @type {Error | undefined} */
  #gone;

  /** @param {ServerProcess} server */
  constructor(server) {
    this.server = server;
    server.stdout.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => this.#read(chunk));
    server.exited.then(
      () => this.#giveUp('ended'),
      (error) => this.#giveUp(String(error)),
    );
  }

  async greet() {
    const clientInfo = { name: 'bench', version: '1' };
    await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.#send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  /** @param {string} tool @param {object} args @returns {Promise<Answer>} */
  async call(tool, args) {
    const answer = await this.request('tools/call', { name: tool, arguments: args });
    if (answer.isError) throw new Error(`${this.server.name}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** @param {string} method @param {object} params @returns {Promise<any>} */
  request(method, params) {
    if (this.#gone) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      this.#id += 1;
      this.#waiting.set(this.#id, { resolve, reject });
      this.#send({ jsonrpc: '2.0', id: this.#id, method, params });
    });
  }

  /** @param {object} message */
  #send(message) {
    this.server.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** @param {string} chunk */
  #read(chunk) {
    const lines = (this.#partial + chunk).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) this.#take(JSON.parse(line));
  }

  /** @param {{ id?: number, result?: object, error?: { message: string } }} message */
  #take({ id = 0, result, error }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }

  /** Nothing that is asked will be answered any more. @param {string} how */
  async #giveUp(how) {
    this.#gone = new Error(`${this.server.name} is gone (${how})`);
    const error = new Error(`${this.#gone.message}: ${await this.server.lastWords()}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
