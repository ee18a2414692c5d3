import http from 'node:http';

/** @typedef {import('./steward-process.mjs').StewardProcess} StewardProcess */
/**
 * What a call came to. `lost`: the connection broke, and whether the call was carried out is not known.
 * @typedef {{ outcome: 'ok', data: any, steward: string }
 *   | { outcome: 'refused', code: string | undefined, text: string, steward: string }
 *   | { outcome: 'lost', cause: string, steward: string }} Answer
 */

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
        return toAnswer(await post(steward, tool, args, address), steward.name);
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

/** @param {{ status: number, text: string }} response @param {string} steward @returns {Answer} */
function toAnswer({ status, text }, steward) {
  const message = parsed(text);
  const result = message?.result;
  if (status === 200 && result?.structuredContent && !result.isError)
    return { outcome: 'ok', data: result.structuredContent, steward };
  const code = message?.error?.data?.code ?? result?._meta?.['steward/error']?.code;
  return { outcome: 'refused', code, text: `${status} ${text.slice(0, 300)}`, steward };
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
