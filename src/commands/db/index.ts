import type { Command } from 'commander';
import { wholeNumber } from '../whole-number.js';

const MOST_STATEMENTS = 9999;

const DATABASE_OPTION = [
  '--database <name>',
  "a database of the configuration (default: the staff directory's, or the only one)",
] as const;

/** Adds the sub-commands that work on the database as a whole. */
export function addDatabaseCommands(db: Command): void {
  db.command('slow')
    .description('print the statements that take longest, as pg_stat_statements has counted them')
    .option('--limit <number>', 'how many of them', wholeNumber(MOST_STATEMENTS), 10)
    .option(...DATABASE_OPTION)
    .action(async (options: { limit: number; database?: string }) =>
      (await import('./slow.js')).printSlowStatements(options),
    );
  db.command('pull')
    .description('write the Prisma schema of the database into a file, or bring that file up to date')
    .argument('<file>')
    .option(...DATABASE_OPTION)
    .action(async (file: string, { database }: { database?: string }) =>
      (await import('./pull.js')).pullSchema(file, database),
    );
  db.command('upgrade')
    .description(
      'bring the staff directory on a server to the current migrations, from an empty database or from former ones',
    )
    .action(async () => (await import('./upgrade.js')).upgrade());
  db.command('backup')
    .description("back the staff directory's database up into a file, while it is in use")
    .argument('<file>')
    .option('--overwrite', 'replace the file if it exists')
    .action(async (file: string, options: { overwrite?: boolean }) =>
      (await import('./backup.js')).backUp(file, options),
    );
  db.command('restore')
    .description(
      "make the staff directory's database what it was when the backup was made; all of it, or nothing",
    )
    .argument('<file>')
    .option('--replace', 'let it take the place of what is there')
    .action(async (file: string, options: { replace?: boolean }) =>
      (await import('./restore.js')).restore(file, options),
    );
}
