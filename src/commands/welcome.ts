import { existsSync } from 'node:fs';
import { workingFolder } from '../settings/folders.js';
import { findConfigurationPath } from '../settings/sources.js';
import { describeClientEntry } from './client-entry.js';
import { alignColumns } from './columns.js';
import { commandName } from './command-name.js';

/** For a person who starts Steward at a terminal, where no client will ever speak to it. */
export function welcome(): void {
  const folder = workingFolder();
  const file = findConfigurationPath(folder);
  const name = commandName(folder);
  const next = existsSync(file)
    ? `${file} says what is served. Add it to your client:\n\n${describeClientEntry(file)}\n\nTo check it first: ${name} doctor`
    : alignColumns([
        ['To see it work:', `${name} demo`],
        ['To serve a Prisma schema or a database:', `${name} init`],
        ['To serve over HTTP:', `${name} http`],
        ['All commands and settings:', `${name} --help`],
      ]).join('\n');
  process.stdout.write(
    `Steward lets a language model read a database through its Prisma schema. An MCP client starts it and speaks to it through pipes; at a terminal there is nothing to see.\n\n${next}\n`,
  );
}
