import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bareEnvironment, MAIN } from '../../tests/support/command.mjs';
import { freePort } from '../../tests/support/free-port.mjs';
import { faultsIn } from './log-file.mjs';

const PROBE = new URL('memory-probe.mjs', import.meta.url).href;

/** A `steward http` that may be killed and started again, always at the same address. */
export class StewardProcess {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  /** The connections of all clients to it, kept open as theirs are. */
  agent = new http.Agent({ keepAlive: true });

  /** @param {string} name @param {number} port @param {Record<string, string>} env @param {string} logFile */
  constructor(name, port, env, logFile) {
    this.name = name;
    this.port = port;
    this.env = env;
    this.logFile = logFile;
  }

  /** @param {string} name @param {Record<string, string>} env @param {string} dir where it logs */
  static async start(name, env, dir) {
    const steward = new StewardProcess(name, await freePort(), env, path.join(dir, `${name}.log`));
    await steward.start();
    return steward;
  }

  /** Resolves once it is ready for calls. */
  async start() {
    const log = await open(this.logFile, 'a');
    const env = bareEnvironment({ NODE_ENV: 'production', HTTP_PORT: String(this.port), ...this.env });
    const args = ['--expose-gc', '--import', PROBE, MAIN, 'http'];
    const started = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', log.fd, 'ipc'] });
    await log.close();
    this.#process = started;
    while (!(await this.#isReady())) {
      if (started.exitCode !== null)
        throw new Error(`The process ended:\n${await readFile(this.logFile, 'utf8')}`);
      await setTimeout(50);
    }
  }

  /** @param {NodeJS.Signals} signal @returns {Promise<number | null>} the exit code */
  async end(signal) {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return null;
    const exited = once(running, 'exit');
    running.kill(signal);
    return (await exited)[0];
  }

  /** @returns {Promise<import('./memory.mjs').Memory>} */
  async memory() {
    const running = /** @type {import('node:child_process').ChildProcess} */ (this.#process);
    const answer = once(running, 'message');
    running.send('memory');
    return (await answer)[0];
  }

  /** What it logged as its own faults, in all its lives. @returns {Promise<string[]>} */
  faults() {
    return faultsIn(this.logFile);
  }

  get pid() {
    return /** @type {number} */ (this.#process?.pid);
  }

  #isReady() {
    return new Promise((resolve) => {
      http
        .get({ host: '127.0.0.1', port: this.port, path: '/ready', agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode === 200);
        })
        .on('error', () => resolve(false));
    });
  }
}
