import { execFile } from 'node:child_process';
import { bareEnvironment } from '../tests/support/command.mjs';

const LONGEST_MS = 120_000;
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Runs `node …` to its end; never throws for an exit code.
 * @param {string[]} args
 * @param {{ node?: string, env?: Record<string, string>, signal: AbortSignal }} options
 * @returns {Promise<{ code: number | string, stdout: string, stderr: string }>}
 */
export function runNode(args, { node = process.execPath, env, signal }) {
  const options = { env: bareEnvironment(env), signal, timeout: LONGEST_MS, maxBuffer: MOST_BYTES };
  return new Promise((resolve, reject) => {
    const child = execFile(node, args, options, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason);
      else resolve({ code: error ? (error.code ?? error.signal ?? 'none') : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}
