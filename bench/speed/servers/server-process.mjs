import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { bareEnvironment } from '../../../tests/support/command.mjs';

/** @typedef {{ command: string, args: string[], env?: Record<string, string> }} Command */

const FAREWELL_MS = 3000;

/** A server under measurement. All write their logs to a file each; it is shown where one fails. */
export class ServerProcess {
  /** @param {Command} command @param {string} logFile */
  constructor({ command, args, env }, logFile) {
    const log = openSync(logFile, 'a');
    this.logFile = logFile;
    this.name = path.basename(logFile, '.log');
    this.child = spawn(command, args, {
      env: bareEnvironment({ NODE_ENV: 'production', ...env }),
      stdio: ['pipe', 'pipe', log],
    });
    closeSync(log);
    this.exited = once(this.child, 'close');
    this.exited.catch(() => {});
    // Writing to a server that is gone fails; its end is what is reported.
    this.stdin.on('error', () => {});
  }

  get pid() {
    return this.child.pid ?? 0;
  }

  get stdin() {
    return /** @type {import('node:stream').Writable} */ (this.child.stdin);
  }

  get stdout() {
    return /** @type {import('node:stream').Readable} */ (this.child.stdout);
  }

  get ended() {
    return this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined;
  }

  /** The end of what it logged. */
  async lastWords() {
    return (await readFile(this.logFile, 'utf8')).slice(-1000);
  }

  async stop() {
    if (this.ended) return;
    this.stdin.end();
    this.child.kill('SIGTERM');
    const patience = setTimeout(() => this.child.kill('SIGKILL'), FAREWELL_MS);
    await this.exited;
    clearTimeout(patience);
  }
}
