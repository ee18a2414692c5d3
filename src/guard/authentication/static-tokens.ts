import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../../capability/define.js';
import type { Log } from '../../observability/log.js';
import { bearerChallenge, bearerToken } from './bearer.js';
import { AuthenticationError, type Authentication } from './index.js';
import { readTokens, type StoredToken } from './token-file.js';

/** A revoked token may be accepted for this many milliseconds. */
const READ_EVERY_MS = 1000;

/** A new token, and what is kept of it. 256 random bits need no salt and no slow digest. */
export function newToken(): { token: string; sha256: string } {
  const token = `stw_${randomBytes(32).toString('base64url')}`;
  return { token, sha256: digest(token).toString('hex') };
}

/** Callers with tokens that were handed out by hand. @throws OperatorError */
export async function withStaticTokens(
  file: string,
  scopes: readonly Scope[],
  log: Log,
): Promise<Authentication> {
  const currentTokens = await openTokens(file, log);
  return {
    anonymous: false,
    async authenticate(authorization) {
      const token = bearerToken(authorization);
      const tokens = await currentTokens().catch((error: unknown) => {
        throw new AuthenticationError(
          'unavailable',
          'Tokens cannot be checked at the moment. Nothing was done. Try again later, or tell the operator of this server.',
          { cause: error },
        );
      });
      const { name, scopes: granted, claims = {} } = usable(find(tokens, digest(token)));
      return { name, scopes: new Set(scopes.filter((scope) => granted.includes(scope))), claims };
    },
    challenge: (refusal) => bearerChallenge(refusal, { realm: 'steward' }, scopes),
  };
}

/**
 * The tokens of a file, as it is now. While it cannot be read there are none, not those it had.
 * @throws OperatorError
 */
async function openTokens(file: string, log: Log): Promise<() => Promise<StoredToken[]>> {
  let readable = true;
  const read = async () => {
    try {
      const found = await readTokens(file);
      if (!readable) log.info('tokens can be read again', { tokens: found.length });
      readable = true;
      return found;
    } catch (error) {
      if (readable) log.error('tokens cannot be read', { cause: (error as Error).message });
      readable = false;
      throw error;
    }
  };
  let readAt = performance.now();
  let tokens = readTokens(file);
  await tokens;
  return () => {
    if (performance.now() - readAt >= READ_EVERY_MS) {
      readAt = performance.now();
      tokens = read();
    }
    return tokens;
  };
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
