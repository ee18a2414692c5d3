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
  const { issuer, audience, algorithms, callerClaim } = config;
  const keyOf = signingKeys(config.jwksUrl, log);
  const expected: JWTVerifyOptions = {
    issuer,
    audience,
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
        return toCaller(payload, callerClaim, scopes);
      } catch (error) {
        throw refusalFor(error);
      }
    },
    challenge: (refusal) => bearerChallenge(refusal, { resource_metadata: resourceMetadataUrl }, scopes),
  };
}

function assertAccessToken(type: string | undefined): void {
  if (type !== undefined && !TYPES.has(type.toLowerCase()))
    throw new AuthenticationError('invalid', 'The token is of another kind than an access token.');
}

function toCaller(payload: JWTPayload, nameClaim: string, scopes: readonly Scope[]): Caller {
  const name = payload[nameClaim];
  if (typeof name !== 'string' || !CALLER_NAME.test(name)) {
    throw new AuthenticationError(
      'invalid',
      'The access token does not name its holder, or not in a way that can be recorded.',
    );
  }
  // `scope` is the standard's name for them (RFC 9068, section 2.2.3), `scp` that of some issuers.
  const granted = toList(payload['scope'] ?? payload['scp']);
  return { name, scopes: new Set(scopes.filter((scope) => granted.includes(scope))), claims: payload };
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
