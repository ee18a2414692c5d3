import { execFile } from 'node:child_process';

/**
 * Runs a command to its end; never throws for an exit code. GNU timeout ends its whole process group, after `seconds` or
 * when `signal` says so: a build that is killed alone leaves its steps running.
 * @param {string[]} argv
 * @param {{ seconds?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
export function runCommand(argv, { seconds = 60, signal } = {}) {
  const args = ['--kill-after=5', String(seconds), ...argv];
  return new Promise((resolve, reject) => {
    const child = execFile('timeout', args, { maxBuffer: 2 ** 26 }, (_, stdout, stderr) => {
      signal?.removeEventListener('abort', end);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code: child.exitCode, stdout, stderr });
    });
    const end = () => child.kill();
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
