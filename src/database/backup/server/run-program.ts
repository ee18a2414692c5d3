import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { BackupError } from '../errors.js';

const MOST_SAID = 4000;

export interface RunningProgram {
  child: ChildProcess;
  /** Rejects with a BackupError that holds what the program said, or with the signal's reason. */
  succeeded: Promise<void>;
}

/** Starts one of PostgreSQL's programs, which the signal kills; its stderr must be a pipe. */
export function runProgram(
  file: string,
  args: string[],
  stdio: StdioOptions,
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): RunningProgram {
  const child = spawn(file, args, { env, stdio, signal });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-MOST_SAID)));
  const succeeded = endWell(file, child, () => said, signal);
  // Whoever waits for it may be waiting for something else first.
  succeeded.catch(() => {});
  return { child, succeeded };
}

async function endWell(
  file: string,
  child: ChildProcess,
  said: () => string,
  signal: AbortSignal,
): Promise<void> {
  let code: number | null;
  try {
    [code] = (await once(child, 'close')) as [number | null];
  } catch (error) {
    signal.throwIfAborted();
    throw new BackupError(`${file} cannot be run: ${(error as Error).message}`, { cause: error });
  }
  signal.throwIfAborted();
  if (code !== 0) throw new BackupError(`${file} failed: ${said().trim() || `exit status ${code}`}`);
}
