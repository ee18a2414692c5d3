import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { Scope } from '../../capability/define.js';
import type { JwtConfig } from '../../settings/authentication.js';
import type { Log } from '../../observability/log.js';
import { CALLER_NAME } from '../../caller-name.js';
import type { Caller } from '../call.js';
import { bearerChallenge, bearerToken } from './bearer.js';
import { AuthenticationError, type Authentication } from './index.js';
import { signingKeys } from './signing-keys.js';

/** The clocks of issuer and server may differ by this much. */
const CLOCK_TOLERANCE_SECONDS = 10;

/** Access tokens, whether they call themselves so (RFC 9068, section 2.1) or not; other JWTs of an issuer do not pass for one. */
const TYPES = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt']);

/**
 * Callers with access tokens of one issuer, as an OAuth 2.1 resource server (specification 2025-11-25,
 * basic/authorization). A token must be signed by that issuer, for this server, and say until when; it is neither
 * passed on nor logged.
 */
export function withJwt(
  config: JwtConfig,
  scopes: readonly Scope[],
  resourceMetadataUrl: string,
  log: Log,
): Authentication {
  const { issuer, algorithms, scopePrefix } = config;
  const keyOf = signingKeys(config.jwksUrl, log);
  const isForThisServer = audienceCheck(config);
  const expected: JWTVerifyOptions = {
    issuer,
    algorithms,
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  };
  return {
    anonymous: false,
    async authenticate(authorization) {
      const token = bearerToken(authorization);
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keyOf, expected);
        assertAccessToken(protectedHeader.typ);
        if (!isForThisServer(payload)) throw new AuthenticationError('invalid', CLAIMS['aud'] as string);
        return toCaller(payload, config, scopes);
      } catch (error) {
        throw refusalFor(error);
      }
    },
    challenge: (refusal) =>
      bearerChallenge(refusal, { resource_metadata: resourceMetadataUrl }, scopes, scopePrefix),
  };
}

/** Nothing has looked at the type of a header's fields before. */
function assertAccessToken(type: unknown): void {
  if (type !== undefined && !(typeof type === 'string' && TYPES.has(type.toLowerCase())))
    throw new AuthenticationError('invalid', 'The token is of another kind than an access token.');
}

/**
 * Whether a token is meant for this server: by one of its audiences or, where it names none and the configuration says so,
 * by the client that it was issued to.
 */
function audienceCheck({ audiences, resource, clientIds }: JwtConfig): (payload: JWTPayload) => boolean {
  // `/mcp/` is served as `/mcp`.
  const own = audiences.length > 0 ? audiences : [resource, `${resource}/`];
  const accepted = new Set(own.map(normalise));
  return ({ aud, client_id: client }) =>
    aud === undefined
      ? typeof client === 'string' && clientIds.includes(client)
      : [aud].flat().some((audience) => typeof audience === 'string' && accepted.has(normalise(audience)));
}

/** RFC 3986, section 6.2.3: an empty path and `/` are one, as are no port and the scheme's own. Other names are as they are. */
function normalise(audience: string): string {
  return /^https?:\/\//i.test(audience) && URL.canParse(audience) ? new URL(audience).href : audience;
}

function toCaller(
  payload: JWTPayload,
  { callerClaim, scopePrefix }: JwtConfig,
  scopes: readonly Scope[],
): Caller {
  const name = payload[callerClaim];
  if (typeof name !== 'string' || !CALLER_NAME.test(name)) {
    throw new AuthenticationError(
      'invalid',
      'The access token does not name its holder, or not in a way that can be recorded.',
    );
  }
  // `scope` is the standard's name for them (RFC 9068, section 2.2.3), `scp` that of some issuers.
  const granted = toList(payload['scope'] ?? payload['scp']);
  // Some issuers leave out in a token the prefix with which the scope is asked for, others keep it.
  const has = (scope: Scope) => granted.includes(scope) || granted.includes(scopePrefix + scope);
  return { name, scopes: new Set(scopes.filter(has)), claims: payload };
}

function toList(scopes: unknown): unknown[] {
  if (typeof scopes === 'string') return scopes.split(' ');
  return Array.isArray(scopes) ? scopes : [];
}

const CLAIMS: Record<string, string> = {
  iss: 'The access token comes from another issuer than the one trusted here.',
  aud: 'The access token is not meant for this server.',
  nbf: 'The access token is not valid yet.',
  exp: 'The access token does not say until when it is valid.',
};

const REASONS: Record<string, string> = {
  ERR_JWT_EXPIRED: 'The access token has expired.',
  ERR_JOSE_ALG_NOT_ALLOWED: 'The access token is signed with an algorithm that is not accepted here.',
  ERR_JWKS_NO_MATCHING_KEY: 'The access token is signed with a key that its issuer does not have.',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'The access token does not say which key it is signed with.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The access token is not signed by its issuer.',
};

/** jose's own errors hold the token's claims, and are not kept. */
function refusalFor(error: unknown): AuthenticationError {
  if (error instanceof AuthenticationError) return error;
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new AuthenticationError('invalid', CLAIMS[error.claim] ?? 'The access token cannot be used.');
  }
  if (error instanceof errors.JOSEError)
    return new AuthenticationError('invalid', REASONS[error.code] ?? 'The access token is not a signed JWT.');
  return new AuthenticationError(
    'unavailable',
    'Access tokens cannot be checked at the moment. Nothing was done. Try again in a few seconds.',
    { cause: error },
  );
}
