import { isatty } from 'node:tty';
import { OperatorError, StewardError } from './errors.js';
import { PROJECT_ROOT } from './project-root.js';

/**
 * Claude Desktop loads a bundle into a process of Electron's: its arguments may be those of Chromium, its standard input is
 * no file, and what Claude Desktop has open keeps it running.
 */
const isGuest = (process as { type?: string }).type === 'utility';

export * as library from './library.js';

/** Runs what the command line of this process says. */
export function runProcess(): void {
  run().catch((error: unknown) => {
    const expected = error instanceof OperatorError || error instanceof StewardError;
    const stack = error instanceof Error ? error.stack : undefined;
    process.exitCode = 1;
    process.stderr.write(`${expected ? error.message : (stack ?? String(error))}\n`, () => {
      if (isGuest) process.exit();
    });
  });
}

async function run(): Promise<void> {
  // Nobody chose the working folder of Claude Desktop, so no configuration in it is meant.
  if (isGuest) process.chdir(PROJECT_ROOT);
  // Started by a client, without arguments, Steward serves stdio and loads nothing that only its other commands need.
  if (isGuest || (process.argv.length <= 2 && !isatty(0))) {
    const { serveStdio } = await import('./commands/serve-stdio.js');
    await serveStdio();
  } else {
    const { runCommandLine } = await import('./commands/index.js');
    await runCommandLine(process.argv);
  }
}
