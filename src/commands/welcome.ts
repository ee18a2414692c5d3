import { findConfigurationPath } from '../settings/sources.js';
import { existsSync } from 'node:fs';
import { describeClientEntry } from './client-entry.js';

/** For a person who starts Steward at a terminal, where no client will ever speak to it. */
export function welcome(): void {
  const file = findConfigurationPath(process.cwd());
  const next = existsSync(file)
    ? `${file} says what is served. Add it to your client:\n\n${describeClientEntry(file)}\n\nTo check it first: steward doctor`
    : [
        'To see it work:                            steward demo',
        'To serve a Prisma schema or a database:    steward init',
        'To serve over HTTP:                        steward http',
        'All commands and settings:                 steward --help',
      ].join('\n');
  process.stdout.write(
    `Steward lets a language model read a database through its Prisma schema. An MCP client starts it and speaks to it through pipes; at a terminal there is nothing to see.\n\n${next}\n`,
  );
}
