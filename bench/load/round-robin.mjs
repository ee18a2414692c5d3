import http from 'node:http';
import { parsed, toAnswer } from './answer.mjs';

/** @typedef {import('./steward-process.mjs').StewardProcess} StewardProcess */
/** @typedef {import('./answer.mjs').Answer} Answer */

/** Hands calls to the processes in turn, as a balancer does, with nothing sticky. */
export class RoundRobin {
  #turn = 0;

  /** @param {StewardProcess[]} stewards */
  constructor(stewards) {
    this.stewards = stewards;
  }

  /**
   * Only what was not taken is handed to the next process; what was sent once is never sent again.
   * @param {string} tool
   * @param {object} args
   * @param {string} address of the caller, as a balancer tells it
   * @returns {Promise<Answer>}
   */
  async call(tool, args, address) {
    const turn = (this.#turn += 1);
    const { length } = this.stewards;
    for (let tries = 1; ; tries += 1) {
      const steward = /** @type {StewardProcess} */ (this.stewards[(turn + tries) % length]);
      try {
        const { status, text } = await post(steward, tool, args, address);
        return toAnswer(parsed(text), `${status} ${text}`, steward.name);
      } catch (error) {
        const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
        if (code === 'ECONNREFUSED' && tries < length) continue;
        return { outcome: 'lost', cause: code ?? message, steward: steward.name };
      }
    }
  }

  close() {
    for (const { agent } of this.stewards) agent.destroy();
  }
}

/**
 * @param {StewardProcess} steward @param {string} tool @param {object} args @param {string} address
 * @returns {Promise<{ status: number, text: string }>}
 */
function post({ agent, port }, tool, args, address) {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: tool, arguments: args },
  });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    'x-forwarded-for': address,
  };
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers };
    const request = http.request(options, (response) => {
      /** @type {Buffer[]} */
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
