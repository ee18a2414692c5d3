import { InvalidArgumentError, type Command } from 'commander';
import type { Scope } from '../../capability/define.js';
import { DIRECTORY_SCOPES as SCOPES } from '../../directory/rights.js';
import { wholeNumber } from '../whole-number.js';
import type { NewToken } from './create.js';

const MOST_DAYS = 3650;

/** Adds the sub-commands for the tokens of AUTH_MODE=token. */
export function addTokenCommands(token: Command): void {
  token
    .command('create')
    .description('make a token and print it, this once: only its SHA-256 is kept')
    .requiredOption('--name <name>', 'who calls with it, as audit rows will say', callerName)
    .requiredOption('--scopes <list>', `what it may do, separated by commas: ${SCOPES.join(', ')}`, scopes)
    .option(
      '--expires-in-days <number>',
      'how long it is good for (default: until it is revoked)',
      wholeNumber(MOST_DAYS),
    )
    .action(async (options: NewToken) => (await import('./create.js')).createToken(options));
  token
    .command('list')
    .description('list the tokens by name, without the tokens themselves')
    .action(async () => (await import('./list.js')).listTokens());
  token
    .command('revoke')
    .description('make a token worthless, within a second also for a server that runs')
    .requiredOption('--name <name>', 'the name it was created with')
    .action(async ({ name }: { name: string }) => (await import('./revoke.js')).revokeToken(name));
}

function callerName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be up to 100 letters, digits and . _ @ -');
}

function scopes(text: string): Scope[] {
  const wanted = text.split(',').map((item) => item.trim());
  const known = SCOPES.filter((scope) => wanted.includes(scope));
  if (known.length === new Set(wanted).size) return known;
  throw new InvalidArgumentError(`There are the scopes ${SCOPES.join(', ')}.`);
}
