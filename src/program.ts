import { CatalogueError } from './capability/catalogue.js';
import { ConfigError } from './settings/sources.js';
import { BackupError } from './database/backup/errors.js';
import { EmbeddedDatabaseError } from './database/embedded/errors.js';
import { UnusableDatabaseError } from './database/unusable.js';
import { StewardError } from './errors.js';
import { TokenFileError } from './guard/authentication/token-file.js';

/** Errors whose message is for the operator. */
const EXPLAINED = [
  ConfigError,
  CatalogueError,
  UnusableDatabaseError,
  EmbeddedDatabaseError,
  BackupError,
  TokenFileError,
  StewardError,
];

run().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
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

/** Words an error for the operator: an expected one by its message, any other in full. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return EXPLAINED.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
