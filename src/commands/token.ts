import { InvalidArgumentError, type Command } from 'commander';
import { CALLER_NAME, CALLER_NAME_RULE } from '../caller-name.js';
import type { Scope } from '../capability/define.js';
import { OperatorError, StewardError } from '../errors.js';
import { newToken } from '../guard/authentication/static-tokens.js';
import { changeTokens, readTokensIfAny } from '../guard/authentication/token-file.js';
import { alignColumns } from './columns.js';
import { readConfigured, scopesOf } from './configuration.js';
import { isOwnScope } from '../own/scopes.js';
import { readConfig } from './read-config.js';
import type { Config } from '../settings/config.js';
import { showUnseen } from '../visible-text.js';
import { wholeNumber } from './whole-number.js';

const MOST_DAYS = 3650;
const DAY_MS = 24 * 60 * 60_000;

/** Adds the sub-commands for the tokens of AUTH_MODE=token. */
export function addTokenCommands(token: Command): void {
  token
    .command('create')
    .description('make a token and print it, this once: only its SHA-256 is kept')
    .requiredOption('--name <name>', 'who calls with it, as audit rows will say', callerName)
    .requiredOption(
      '--scopes <list>',
      'what it may do, separated by commas: scopes that the configuration needs, such as directory:read or records:read',
    )
    .option(
      '--expires-in-days <number>',
      'how long it is good for (default: until it is revoked)',
      wholeNumber(MOST_DAYS),
    )
    .option(
      '--claim <name=value>',
      'a claim of its caller, as "claims" of a database asks for; may be given several times',
      addClaim,
    )
    .action(createToken);
  token
    .command('list')
    .description('list the tokens by name, without the tokens themselves')
    .action(listTokens);
  token
    .command('revoke')
    .description('make a token worthless, within a second also for a server that runs')
    .requiredOption('--name <name>', 'the name it was created with')
    .action(revokeToken);
}

function callerName(text: string): string {
  if (CALLER_NAME.test(text)) return text;
  throw new InvalidArgumentError(`It ${CALLER_NAME_RULE}.`);
}

/** Adds one claim to those before it. */
function addClaim(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*\S.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It is no NAME=VALUE.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} has a value already.`);
  return { ...before, [name]: value };
}

/** @throws OperatorError for a claim that no database of the configuration asks for */
function assertClaims(claims: Record<string, string>, config: Config): void {
  const asked = readConfigured(config).records.flatMap((database) =>
    database.claims.map(({ claim }) => claim),
  );
  const unknown = Object.keys(claims).find((name) => !asked.includes(name));
  if (unknown !== undefined)
    throw new OperatorError(
      `No database of the configuration asks for the claim ${unknown}. ${asked.length === 0 ? 'None asks for any.' : `There are ${[...new Set(asked)].join(', ')}.`}`,
    );
}

/** @throws OperatorError for a scope that nothing which is served needs */
function readScopes(text: string, config: Config): Scope[] {
  const served = scopesOf(readConfigured(config));
  const wanted = new Set(text.split(',').map((item) => item.trim()));
  const known = [...new Set([...served, ...[...wanted].filter(isOwnScope)])].filter((scope) =>
    wanted.has(scope),
  );
  if (known.length === wanted.size) return known;
  throw new OperatorError(
    `There are the scopes ${served.join(', ')}. Those of tools of your own begin with "tools:".`,
  );
}

interface NewToken {
  name: string;
  scopes: string;
  expiresInDays?: number;
  claim?: Record<string, string>;
}

/**
 * Makes a token and prints it, to stdout nothing but the token.
 * @throws StewardError CONFLICT for a name that is taken; OperatorError
 */
async function createToken({ name, scopes, expiresInDays, claim: claims }: NewToken): Promise<void> {
  const config = readConfig();
  const { tokensFile } = config;
  const granted = readScopes(scopes, config);
  if (claims) assertClaims(claims, config);
  const { token, sha256 } = newToken();
  const now = Date.now();
  const created = new Date(now).toISOString();
  const expires = expiresInDays === undefined ? null : new Date(now + expiresInDays * DAY_MS).toISOString();
  await changeTokens(tokensFile, (tokens) => {
    if (tokens.some((other) => other.name === name)) {
      throw new StewardError(
        'CONFLICT',
        'There is a token of this name. Choose another, or revoke that one first.',
      );
    }
    return [...tokens, { name, sha256, scopes: granted, ...(claims && { claims }), created, expires }];
  });
  process.stdout.write(`${token}\n`);
  process.stderr.write(
    `This is the token of ${name}, for ${granted.join(', ')}, ${lifetime(expires)}. It is not shown again.\nIts SHA-256 is in ${tokensFile}.\n`,
  );
}

/** Prints what is known of each token. @throws OperatorError */
async function listTokens(): Promise<void> {
  const tokens = (await readTokensIfAny(readConfig().tokensFile)) ?? [];
  const withClaims = tokens.some(({ claims }) => claims);
  const rows = tokens.map((token) => [
    token.name,
    token.scopes.join(','),
    ...(withClaims ? [describeClaims(token)] : []),
    `created ${token.created}`,
    lifetime(token.expires),
  ]);
  for (const line of alignColumns(rows)) process.stdout.write(`${line}\n`);
  if (rows.length === 0) process.stderr.write('There are no tokens.\n');
}

function describeClaims({ claims = {} }: { claims?: Record<string, string> | undefined }): string {
  return Object.entries(claims)
    .map(([name, value]) => `${name}=${showUnseen(value)}`)
    .join(',');
}

/** @param expires in ISO 8601; null where it never does */
function lifetime(expires: string | null): string {
  if (expires === null) return 'until revoked';
  return Date.parse(expires) <= Date.now() ? `expired ${expires}` : `until ${expires}`;
}

/**
 * Takes a token out of the file; a server that runs notices within a second.
 * @throws StewardError NOT_FOUND; OperatorError
 */
async function revokeToken({ name }: { name: string }): Promise<void> {
  const { tokensFile } = readConfig();
  await changeTokens(tokensFile, (tokens) => {
    const others = tokens.filter((token) => token.name !== name);
    if (others.length < tokens.length) return others;
    throw new StewardError('NOT_FOUND', 'There is no token of this name. See steward token list.');
  });
  process.stderr.write(`The token of ${name} is revoked.\n`);
}
