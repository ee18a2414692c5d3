import { loadConfig } from '../config.js';
import { StewardError } from '../errors.js';
import { newToken } from '../guard/authentication/static-tokens.js';
import { changeTokens, readTokensIfAny, type StoredToken } from '../guard/authentication/token-file.js';
import type { Scope } from '../scopes.js';

export interface NewToken {
  name: string;
  scopes: Scope[];
  expiresInDays?: number;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Makes a token and prints it, to stdout nothing but the token.
 * @throws StewardError CONFLICT for a name that is taken; ConfigError, TokenFileError
 */
export async function createToken({ name, scopes: granted, expiresInDays }: NewToken): Promise<void> {
  const { tokensFile } = loadConfig();
  const { token, sha256 } = newToken();
  const now = Date.now();
  const expires = expiresInDays === undefined ? null : new Date(now + expiresInDays * DAY_MS).toISOString();
  await changeTokens(tokensFile, (tokens) => {
    if (tokens.some((other) => other.name === name)) {
      throw new StewardError(
        'CONFLICT',
        'There is a token of this name. Choose another, or revoke that one first.',
      );
    }
    return [...tokens, { name, sha256, scopes: granted, created: new Date(now).toISOString(), expires }];
  });
  process.stdout.write(`${token}\n`);
  process.stderr.write(
    `This is the token of ${name}, for ${granted.join(', ')}, ${lifetime(expires)}. It is not shown again.\nIts SHA-256 is in ${tokensFile}.\n`,
  );
}

/** Prints what is known of each token. @throws ConfigError, TokenFileError */
export async function listTokens(): Promise<void> {
  const tokens = await readTokensIfAny(loadConfig().tokensFile);
  const rows = tokens.map((token) => [
    token.name,
    token.scopes.join(','),
    `created ${token.created}`,
    state(token),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
  if (rows.length === 0) process.stderr.write('There are no tokens.\n');
}

/**
 * Takes a token out of the file; a server that runs notices within a second.
 * @throws StewardError NOT_FOUND; ConfigError, TokenFileError
 */
export async function revokeToken({ name }: Pick<NewToken, 'name'>): Promise<void> {
  const { tokensFile } = loadConfig();
  await changeTokens(tokensFile, (tokens) => {
    const others = tokens.filter((token) => token.name !== name);
    if (others.length === tokens.length) {
      throw new StewardError('NOT_FOUND', 'There is no token of this name. See steward token list.');
    }
    return others;
  });
  process.stderr.write(`The token of ${name} is revoked.\n`);
}

function state({ expires }: StoredToken): string {
  return expires !== null && Date.parse(expires) <= Date.now() ? `expired ${expires}` : lifetime(expires);
}

function lifetime(expires: string | null): string {
  return expires === null ? 'until revoked' : `until ${expires}`;
}
