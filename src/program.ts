import { explanation } from './commands/explanation.js';

run().catch((error: unknown) => {
  process.stderr.write(`${explanation(error)}\n`);
  process.exitCode = 1;
});

async function run(): Promise<void> {
  // Without arguments Steward serves stdio, and loads nothing that only its other commands need.
  if (process.argv.length <= 2) {
    const { serveStdio } = await import('./commands/serve-stdio.js');
    await serveStdio();
  } else {
    const { runCommandLine } = await import('./commands/index.js');
    await runCommandLine(process.argv);
  }
}
