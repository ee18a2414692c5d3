import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../../capability/define.js';
import { bearerChallenge, bearerToken } from './bearer.js';
import type { CurrentTokens } from './current-tokens.js';
import { AuthenticationError, type Authentication } from './index.js';
import type { StoredToken } from './token-file.js';

/** A new token, and what is kept of it. 256 random bits need no salt and no slow digest. */
export function newToken(): { token: string; sha256: string } {
  const token = `stw_${randomBytes(32).toString('base64url')}`;
  return { token, sha256: digest(token).toString('hex') };
}

/** Callers with tokens that were handed out by hand. */
export function withStaticTokens(current: CurrentTokens, scopes: readonly Scope[]): Authentication {
  return {
    anonymous: false,
    async authenticate(authorization) {
      const token = bearerToken(authorization);
      const { name, scopes: granted } = usable(find(await readTokens(current), digest(token)));
      return { name, scopes: new Set(scopes.filter((scope) => granted.includes(scope))), claims: {} };
    },
    challenge: (refusal) => bearerChallenge(refusal, { realm: 'steward' }, scopes),
  };
}

async function readTokens(current: CurrentTokens): Promise<StoredToken[]> {
  try {
    return await current.get();
  } catch (error) {
    throw new AuthenticationError(
      'unavailable',
      'Tokens cannot be checked at the moment. Nothing was done. Try again later, or tell the operator of this server.',
      { cause: error },
    );
  }
}

/** Looks at every token, and at the whole of each, so that the time it takes tells nothing. */
function find(tokens: StoredToken[], wanted: Buffer): StoredToken | undefined {
  let found: StoredToken | undefined;
  for (const token of tokens) {
    if (timingSafeEqual(Buffer.from(token.sha256, 'hex'), wanted)) found = token;
  }
  return found;
}

function usable(token: StoredToken | undefined): StoredToken {
  if (!token)
    throw new AuthenticationError('invalid', 'This token is not known here, or no longer; ask for another.');
  if (token.expires !== null && Date.parse(token.expires) <= Date.now())
    throw new AuthenticationError('invalid', 'This token has expired; ask for another.');
  return token;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
