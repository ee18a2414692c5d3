import { isatty } from 'node:tty';
import { OperatorError, StewardError } from './errors.js';

run().catch((error: unknown) => {
  const expected = error instanceof OperatorError || error instanceof StewardError;
  const stack = error instanceof Error ? error.stack : undefined;
  process.stderr.write(`${expected ? error.message : (stack ?? String(error))}\n`);
  process.exitCode = 1;
});

async function run(): Promise<void> {
  // Started by a client, without arguments, Steward serves stdio and loads nothing that only its other commands need.
  if (process.argv.length <= 2 && !isatty(0)) {
    const { serveStdio } = await import('./commands/serve-stdio.js');
    await serveStdio();
  } else {
    const { runCommandLine } = await import('./commands/index.js');
    await runCommandLine(process.argv);
  }
}
