import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { bareEnvironment, MAIN } from './command.mjs';

export const CTRL_C = '\u0003';

/** What somebody at a terminal types as soon as a text stands there, and what happens meanwhile. */
export type Typed = [seen: RegExp, keys: string, meanwhile?: () => void];

/**
 * Runs Steward in a folder, at a terminal of its own: by `script`, which Debian has on every machine, and macOS another
 * one of that name.
 * @returns what stood on it, and the exit code
 */
export async function atTerminal(
  folder: string,
  args: string[],
  typed: readonly Typed[],
  env: Record<string, string> = {},
): Promise<{ code: number; screen: string }> {
  const words = [process.execPath, MAIN, ...args].map((word) => `'${word}'`);
  const command = `stty cols 100 rows 40; ${words.join(' ')}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, env: bareEnvironment(env) });
  const left = [...typed];
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += stripVTControlCharacters(text);
    const [seen, keys, meanwhile] = left[0] ?? [];
    if (!seen?.test(screen)) return;
    meanwhile?.();
    child.stdin.write(keys);
    left.shift();
  });
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)));
  return { code, screen };
}
