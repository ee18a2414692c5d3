import net from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../../tests/support/free-port.mjs';
import { RawHttpClient } from '../../raw-http-client.mjs';
import { ServerProcess } from './server-process.mjs';
import { StdioClient } from './stdio-client.mjs';

/** @typedef {import('./index.mjs').ServerKind} ServerKind */
/** @typedef {import('../questions.mjs').Question} Question */

const START_MS = 30_000;

/** A server that runs, and a client that has greeted it. */
export class Contestant {
  /**
   * @param {ServerKind} kind
   * @param {ServerProcess} server
   * @param {StdioClient | RawHttpClient} client
   */
  constructor(kind, server, client) {
    this.kind = kind;
    this.name = kind.name;
    this.server = server;
    this.client = client;
  }

  /** @param {ServerKind} kind @param {string} folder for its log */
  static async overStdio(kind, folder) {
    const server = new ServerProcess(kind.stdio, path.join(folder, `${kind.name}.log`));
    const client = new StdioClient(server);
    return greeted(new Contestant(kind, server, client));
  }

  /** @param {ServerKind} kind @param {string} folder for its log */
  static async overHttp(kind, folder) {
    if (!kind.http) throw new Error(`${kind.name} does not speak HTTP`);
    const port = await freePort();
    const server = new ServerProcess(kind.http(port), path.join(folder, `${kind.name}.log`));
    const client = new RawHttpClient(`http://127.0.0.1:${port}/mcp`);
    try {
      await listens(port, server);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return greeted(new Contestant(kind, server, client));
  }

  /** @param {Question} question @throws for an answer that is an error */
  ask(question) {
    const [tool, args] = this.kind.toCall(question);
    return this.client.call(tool, args);
  }

  async stop() {
    if (this.client instanceof RawHttpClient) this.client.close();
    await this.server.stop();
  }
}

/** @param {Contestant} contestant */
async function greeted(contestant) {
  try {
    await contestant.client.greet();
    return contestant;
  } catch (error) {
    await contestant.stop();
    throw error;
  }
}

/** @param {number} port @param {ServerProcess} server */
async function listens(port, server) {
  const until = performance.now() + START_MS;
  while (!(await accepts(port))) {
    if (server.ended || performance.now() > until)
      throw new Error(`The server does not listen: ${await server.lastWords()}`);
    await setTimeout(20);
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
