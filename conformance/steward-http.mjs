import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bareEnvironment } from '../tests/support/command.mjs';

const START_MS = 60_000;

/** A `steward http` on a free loopback port and an embedded database of its own. */
export class StewardHttp {
  #stderr = '';
  #exited;
  port = 0;

  /** @param {string[]} args for Node @param {Record<string, string>} env */
  constructor(args, env) {
    const child = spawn(process.execPath, args, {
      env: bareEnvironment(env),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => (this.#stderr += chunk));
    this.#exited = once(child, 'close');
    this.child = child;
  }

  /** Starts it, and waits until it can serve. @param {string[]} args @param {Record<string, string>} env */
  static async start(args, env) {
    const steward = new StewardHttp(args, {
      HTTP_PORT: '0',
      HTTP_HOST: '127.0.0.1',
      AUTH_MODE: 'none',
      ...env,
    });
    const until = Date.now() + START_MS;
    while (!(await steward.#isReady())) {
      if (steward.child.exitCode !== null || Date.now() > until) {
        await steward.stop();
        throw new Error(`steward http did not start:\n${steward.#stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return steward;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  /** Its log so far. @returns {Record<string, any>[]} */
  log() {
    return this.#lines()
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  /** Its logged faults, and all stderr lines that are not of the log. */
  faults() {
    return this.#lines().filter((line) => !line.startsWith('{') || JSON.parse(line).level === 'error');
  }

  /** The last may still be on its way. */
  #lines() {
    return this.#stderr.split('\n').slice(0, -1);
  }

  async stop() {
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    await this.#exited;
  }

  async #isReady() {
    this.port = this.log().find(({ message }) => message === 'serving over http')?.port ?? 0;
    if (this.port === 0) return false;
    const ready = await fetch(`http://127.0.0.1:${this.port}/ready`).catch(() => undefined);
    return ready?.status === 200;
  }
}

/** Settings for a database in this folder, which ends with the last process that uses it. @param {string} folder */
export const onEmbeddedDatabase = (folder) => ({
  STEWARD_DATA_DIR: folder,
  STEWARD_EMBEDDED_LINGER_MS: '0',
  STEWARD_CALLER: 'conformance',
});
