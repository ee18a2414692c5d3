import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareEnvironment } from '../../../tests/support/command.mjs';
import { freePort } from '../../../tests/support/free-port.mjs';
import { atEnd } from '../../cleanup.mjs';
import { Client, overHttp, overPipes } from './client.mjs';

/**
 * @template [Asked=import('../questions.mjs').Question]
 * @typedef {Awaited<ReturnType<typeof openContestant<Asked>>>} Contestant
 */

const START_MS = 30_000;
const FAREWELL_MS = 3000;

/**
 * A server that runs, and a client that has greeted it.
 * @template Asked
 * @param {import('./index.mjs').ServerKind<Asked>} kind
 * @param {string} folder for its log; the end of it is shown where it fails
 * @param {boolean} isOverHttp
 */
export async function openContestant(kind, folder, isOverHttp) {
  const port = isOverHttp ? await freePort() : 0;
  const { command, args, env } = isOverHttp && kind.http ? kind.http(port) : kind.stdio;
  const logFile = path.join(folder, `${kind.name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, {
    env: bareEnvironment({ NODE_ENV: 'production', ...env }),
    stdio: ['pipe', 'pipe', log],
  });
  closeSync(log);
  const { stdin, stdout } = /** @type {import('node:child_process').ChildProcessWithoutNullStreams} */ (
    child
  );
  // Writing to a server that is gone fails; its end is what is reported.
  stdin.on('error', () => {});
  const exited = once(child, 'close').then(() => '', String);
  const gone = exited.then(async (reason) => {
    const lastWords = (await readFile(logFile, 'utf8')).slice(-1000);
    return new Error(`${kind.name} is gone: ${reason}${lastWords}`);
  });
  const transport = isOverHttp ? overHttp(`http://127.0.0.1:${port}/mcp`) : overPipes(stdin, stdout, gone);
  const client = new Client(kind.name, transport);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const stop = async () => {
    transport.close();
    if (hasEnded()) return;
    stdin.end();
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), FAREWELL_MS);
    await exited;
    clearTimeout(patience);
  };
  atEnd(stop);

  const until = performance.now() + START_MS;
  const isGreeted = () =>
    client.greet().then(
      () => true,
      async (error) => {
        if (hasEnded()) throw await gone;
        // Refused: it does not listen yet.
        if (error.code !== 'ECONNREFUSED' || performance.now() > until) throw error;
        return false;
      },
    );
  while (!(await isGreeted())) await sleep(20);
  return {
    kind,
    name: kind.name,
    client,
    pid: child.pid ?? 0,
    stop,
    /** @param {Asked} question @throws for an answer that is an error */
    ask: (question) => client.call(...kind.toCall(question)),
  };
}
