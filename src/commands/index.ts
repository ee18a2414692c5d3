import { Command, Option } from 'commander';
import { VERSION } from '../version.js';
import { SERVER_NAME } from './client-entry.js';
import { addSettingFlags } from './setting-flags.js';
import type { MigrationOptions } from './print-migration.js';
import type { InitOptions } from './init/index.js';
import type { SetupOptions } from './setup/index.js';
import { addDatabaseCommands } from './db/index.js';
import { addTokenCommands } from './token.js';

/** The exit code that a shell reports after SIGPIPE; Node.js ignores that signal. */
const ENDED_BY_SIGPIPE = 128 + 13;

/** The `steward` command with its sub-commands; what takes long to load is loaded at its first use. */
export async function runCommandLine(argv: string[]): Promise<void> {
  endWithOutput();
  const program = new Command('steward')
    .description(
      'An MCP server for the records of Prisma schemas, and for a staff directory. Without a command it serves MCP over stdio.',
    )
    .version(VERSION)
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      '\nSettings come from flags, the environment, .env.local, .env.<NODE_ENV> and steward.config.json; docs/configuration.md lists them.\nEach that holds no secret is a flag, too: HTTP_PORT is --http-port. Without DATABASE_URL or DB_NAME an embedded PostgreSQL is used.',
    )
    .allowExcessArguments(false)
    .action(async () => {
      // A client speaks through pipes; at a terminal a person waits for an answer.
      if (process.stdin.isTTY && process.stdout.isTTY) (await import('./welcome.js')).welcome();
      else await (await import('./serve-stdio.js')).serveStdio();
    });
  addSettingFlags(program);
  program
    .command('init')
    .description('make steward.config.json for the Prisma schema of this project, or of a database')
    .option('--schema <path>', 'the schema, where it is not found by itself')
    .option('--expose <models>', 'the models that a language model may read: A,B')
    .addOption(new Option('--all', 'expose all models; with --update, all new ones').conflicts('expose'))
    .addOption(
      new Option('--update', 'show what changed in the schema since, and decide on it').conflicts('schema'),
    )
    .option('--yes', 'take what is proposed, and replace a file that is there')
    .action(async (options: InitOptions) => (await import('./init/index.js')).init(options));
  program
    .command('setup')
    .description('add Steward to the MCP clients on this machine, or take it out')
    .argument('[clients...]', 'those alone: claude-desktop, claude-code, cursor, vscode, codex …')
    .option('--name <name>', 'the name of the server in the client', SERVER_NAME)
    .option('--remove', 'take the server of that name out')
    .option('--dry-run', 'show what would change, and write nothing')
    .option('--yes', 'write without asking')
    .action(async (clients: string[], options: SetupOptions) =>
      (await import('./setup/index.js')).setup(clients, options),
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
    .description('play a client through a real server on throw-away embedded databases')
    .action(async () => (await import('./demo.js')).demo());
  program
    .command('doctor')
    .description('check configuration, connections, schemas, migrations and privileges, and say what to do')
    .action(async () => (await import('./doctor/index.js')).doctor());
  program
    .command('rls')
    .description('print row policies and indexes for the tenants of a database, as a migration')
    .option('--database <name>', 'of the configuration, where there are several')
    .option('--role <name>', 'the role that Steward connects as (default: <database>_reader)')
    .action(async (options: MigrationOptions) =>
      (await import('./print-migration.js')).printPolicies(options),
    );
  program
    .command('grants')
    .description('print a role that may read what the configuration shows, and nothing else')
    .option('--database <name>', 'of the configuration, where there are several')
    .option('--role <name>', 'its name (default: <database>_reader)')
    .action(async (options: MigrationOptions) => (await import('./print-migration.js')).printGrants(options));
  program
    .command('seed')
    .description('fill an empty database with a sample organisation')
    .action(async () => (await import('./seed.js')).seedDatabase());
  program
    .command('database-url')
    .description('print the URL of the database in use, password included, starting the embedded one')
    .action(async () => (await import('./database-url.js')).printDatabaseUrl());
  program
    .command('prisma')
    .description("run Prisma's command line on the staff directory's database, where it is installed: studio")
    .argument('[args...]', 'as `prisma` takes them')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => (await import('./prisma.js')).runPrisma(args));
  addDatabaseCommands(program.command('db').description('look after the database'));
  await program.parseAsync(argv);
}

/**
 * For commands that print: a reader of their output may close it early, as `head` does. That ends the command as it
 * ends any other program, without a complaint.
 */
function endWithOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(ENDED_BY_SIGPIPE);
  });
}
