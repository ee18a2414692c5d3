import type { Scope } from '../../capability/define.js';
import { AuthenticationError, type InsufficientScope } from './index.js';

/** Longer than any valid token, and short enough to check for any client that sends one. */
const LONGEST_TOKEN = 8192;

/**
 * The token of an Authorization header (RFC 6750, section 2.1). No other place is looked at: addresses end up in logs.
 * @throws AuthenticationError; a header of another scheme counts as none, as section 3.1 has it
 */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || !/^Bearer(\s|$)/i.test(authorization)) {
    throw new AuthenticationError(
      'missing',
      'This server asks for a bearer token in the Authorization header.',
    );
  }
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new AuthenticationError(
      'malformed',
      'The Authorization header must be the word Bearer, a space and one token.',
    );
  }
  if (token.length > LONGEST_TOKEN)
    throw new AuthenticationError('invalid', `Tokens of more than ${LONGEST_TOKEN} characters are not read.`);
  return token;
}

/** Error codes of RFC 6750, section 3.1: none for a client that gave no credentials, or whose are not in question. */
const ERRORS = {
  missing: undefined,
  malformed: 'invalid_request',
  invalid: 'invalid_token',
  unavailable: undefined,
};

/**
 * The value of WWW-Authenticate (RFC 6750, section 3). A caller who lacks a scope also gets the list of those it has: a client
 * asks for just what stands there, and would lose the others (specification 2025-11-25, basic/authorization, scope
 * challenge handling).
 * @param scopePrefix what stands before a scope where it is asked for
 */
export function bearerChallenge(
  refusal: AuthenticationError | InsufficientScope,
  about: Record<string, string>,
  scopes: readonly Scope[],
  scopePrefix = '',
): string {
  const [error, description, granted] =
    refusal instanceof AuthenticationError
      ? [ERRORS[refusal.kind], refusal.message, scopes]
      : [
          'insufficient_scope',
          `This needs the scope ${refusal.missing}.`,
          scopes.filter(
            (scope) => refusal.missing.split(' ').includes(scope) || refusal.caller.scopes.has(scope),
          ),
        ];
  const parameters = Object.entries({
    ...about,
    ...(error !== undefined && { error, error_description: description }),
    scope: granted.map((scope) => scopePrefix + scope).join(' '),
  });
  // RFC 9110, sections 11.6.1 and 5.6.4.
  const quoted = parameters.map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`);
  return `Bearer ${quoted.join(', ')}`;
}
