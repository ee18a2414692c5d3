import type { ErrorCode } from '../../errors.js';
import type { Claims, Scope } from '../../capability/define.js';
import type { Caller } from '../call.js';

/** The credentials are missing, no good, not to be read, or cannot be checked now. The message is for the caller. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';

  constructor(
    readonly kind: 'missing' | 'invalid' | 'malformed' | 'unavailable',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get code(): ErrorCode {
    return this.kind === 'unavailable' ? 'UNAVAILABLE' : 'UNAUTHENTICATED';
  }
}

/** The caller is known, but lacks the right to this call. */
export interface InsufficientScope {
  caller: Caller;
  missing: Scope;
}

export interface Authentication {
  /** Callers have no names; their addresses distinguish them. */
  anonymous: boolean;
  /** Resolves a request's Authorization header, if it has one, to a caller. @throws AuthenticationError */
  authenticate(authorization: string | undefined): Promise<Caller>;
  /** The value of WWW-Authenticate for a refusal (RFC 6750, section 3). */
  challenge(refusal: AuthenticationError | InsufficientScope): string;
}

/** Lets every client in that can reach the server, as one caller with these scopes and claims: for a loopback address only. */
export function withoutAuthentication(
  name: string,
  scopes: readonly Scope[],
  claims: Claims,
): Authentication {
  const caller = { name, scopes: new Set(scopes), claims };
  return { anonymous: true, authenticate: async () => caller, challenge: () => 'Bearer' };
}
