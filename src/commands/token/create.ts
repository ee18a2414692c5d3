import { readConfig } from '../read-config.js';
import { StewardError } from '../../errors.js';
import { newToken } from '../../guard/authentication/static-tokens.js';
import { changeTokens } from '../../guard/authentication/token-file.js';
import type { Scope } from '../../capability/define.js';
import { lifetime } from './lifetime.js';

export interface NewToken {
  name: string;
  scopes: Scope[];
  expiresInDays?: number;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Makes a token and prints it, to stdout nothing but the token.
 * @throws StewardError CONFLICT for a name that is taken; OperatorError
 */
export async function createToken({ name, scopes: granted, expiresInDays }: NewToken): Promise<void> {
  const { tokensFile } = readConfig();
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
