import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { bareEnvironment, MAIN } from '../../../tests/support/command.mjs';
import { parsed, toAnswer } from '../../load/answer.mjs';
import { faultsIn } from '../../load/log-file.mjs';

/** @typedef {import('../../load/answer.mjs').Answer} Answer */
/** @typedef {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} Child */

const PROTOCOL_VERSION = '2025-11-25';

/** A "steward" and the client that started it, each call on its pipes. */
export class StdioSteward {
  /** By id, each called with the response, or with nothing when there will be none. @type {Map<unknown, (message?: any) => void>} */
  #waiting = new Map();
  #ids = 0;
  /** Responses to nobody in particular. @type {any[]} */
  unclaimed = [];
  /** Lines that are no JSON, of which there must be none. @type {string[]} */
  garbage = [];

  /** @private @param {string} name @param {Child} child @param {string} logFile */
  constructor(name, child, logFile) {
    this.name = name;
    this.child = child;
    this.logFile = logFile;
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    // Writing to a server that was killed is part of the fault.
    child.stdin.on('error', () => {});
    child.once('close', () => {
      for (const settle of this.#waiting.values()) settle();
      this.#waiting.clear();
    });
  }

  /** Resolves once it has answered a first call. @param {string} name @param {Record<string, string>} env @param {string} dir where it logs */
  static async start(name, env, dir) {
    const logFile = path.join(dir, `${name}.log`);
    const log = await open(logFile, 'a');
    const child = /** @type {Child} */ (
      spawn(process.execPath, [MAIN], {
        env: bareEnvironment({ NODE_ENV: 'production', ...env }),
        stdio: ['pipe', 'pipe', log.fd],
      })
    );
    await log.close();
    const steward = new StdioSteward(name, child, logFile);
    const clientInfo = { name: 'faults', version: '1' };
    await steward.request('initialize', { protocolVersion: PROTOCOL_VERSION, capabilities: {}, clientInfo });
    steward.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return steward;
  }

  get pid() {
    return /** @type {number} */ (this.child.pid);
  }

  /** Sends text as it is. @param {string | Buffer} text */
  write(text) {
    this.child.stdin.write(text);
  }

  /** @param {string} method @param {object} params @returns {Promise<any>} the response; undefined where the process ended without one */
  request(method, params) {
    const id = (this.#ids += 1);
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return this.response(id);
  }

  /** The response to a request that was written by hand. @param {unknown} id @returns {Promise<any>} */
  response(id) {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** @param {string} tool @param {object} args @returns {Promise<Answer>} */
  async call(tool, args) {
    const message = await this.request('tools/call', { name: tool, arguments: args });
    if (message === undefined) return { outcome: 'lost', cause: 'the process ended', steward: this.name };
    return toAnswer(message, JSON.stringify(message), this.name);
  }

  /** @param {NodeJS.Signals} signal @returns {Promise<number | null>} the exit code */
  async end(signal) {
    if (this.#ended) return null;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    return (await exited)[0];
  }

  faults() {
    return faultsIn(this.logFile);
  }

  get #ended() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** @param {string} line */
  #take(line) {
    const message = parsed(line);
    if (message === undefined) return void this.garbage.push(line);
    const settle = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (settle) settle(message);
    else this.unclaimed.push(message);
  }
}
