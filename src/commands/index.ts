import { Command, InvalidArgumentError } from 'commander';
import { VERSION } from '../version.js';
import { endWithOutput } from './closed-output.js';
import { addTokenCommands } from './token-commands.js';

/** The `steward` command with its sub-commands, each loaded only when it is asked for. */
export async function runCommandLine(argv: string[]): Promise<void> {
  endWithOutput();
  const program = new Command('steward')
    .description(
      'An MCP server for a PostgreSQL staff directory. Without a command it serves MCP over stdio.',
    )
    .version(VERSION)
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      '\nConfiguration comes from the environment, .env.local and .env.<NODE_ENV>; README.md lists the variables.\nWithout DATABASE_URL or DB_NAME an embedded PostgreSQL is used.',
    );
  program
    .command('http')
    .description('serve MCP over HTTP, by default at http://127.0.0.1:3000/mcp')
    .action(async () => (await import('./serve-http.js')).serveHttp());
  addTokenCommands(
    program
      .command('token')
      .description('make, list and revoke the tokens by which HTTP callers say who they are'),
  );
  program
    .command('demo')
    .description('play a client through a real server on a throw-away embedded database')
    .action(async () => (await import('./demo.js')).demo());
  program
    .command('doctor')
    .description('check configuration, connection, migrations and privileges, and say what to do')
    .action(async () => (await import('./doctor/index.js')).doctor());
  program
    .command('seed')
    .description('fill an empty database with a sample organisation')
    .action(async () => (await import('./seed.js')).seedDatabase());
  program
    .command('database-url')
    .description('print the URL of the database in use, password included, starting the embedded one')
    .action(async () => (await import('./database-url.js')).printDatabaseUrl());
  addDatabaseCommands(program.command('db').description('look after the database'));
  await program.parseAsync(argv);
}

function addDatabaseCommands(db: Command): void {
  db.command('slow')
    .description('print the statements that take longest, as pg_stat_statements has counted them')
    .option('--limit <number>', 'how many of them', wholeNumber, 10)
    .action(async ({ limit }: { limit: number }) =>
      (await import('./db/slow.js')).printSlowStatements(limit),
    );
  db.command('backup')
    .description('back the database up into a file, while it is in use')
    .argument('<file>')
    .option('--overwrite', 'replace the file if it exists')
    .action(async (file: string, options: { overwrite?: boolean }) =>
      (await import('./db/backup.js')).backUp(file, options),
    );
  db.command('restore')
    .description('make the database what it was when the backup was made; all of it, or nothing')
    .argument('<file>')
    .option('--replace', 'let it take the place of what is there')
    .action(async (file: string, options: { replace?: boolean }) =>
      (await import('./db/restore.js')).restore(file, options),
    );
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 9999.');
}
