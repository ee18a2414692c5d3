import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.mjs';

/** Whether a Redis is installed here. */
export const REDIS_IS_HERE = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of a test's own, to be stopped and started at will. It keeps nothing on disk. */
export class RedisServer {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;

  /** @private @param {number} port */
  constructor(port) {
    this.port = port;
  }

  static async create() {
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start() {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#process = spawn('redis-server', args, { stdio: 'ignore' });
    for (let tries = 0; tries < 100; tries += 1) {
      const socket = net.connect(this.port, '127.0.0.1');
      const connected = await once(socket, 'connect').catch(() => undefined);
      socket.destroy();
      if (connected) return;
      await setTimeout(50);
    }
  }

  async stop() {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  }

  freeze() {
    this.#process?.kill('SIGSTOP');
  }

  thaw() {
    this.#process?.kill('SIGCONT');
  }
}
