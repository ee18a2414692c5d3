import { z } from 'zod';
import { isLoopback } from './loopback.js';

const needed = z.string('must be set where AUTH_MODE is jwt');

/** Rules on combinations of variables that apply to `steward http` only. */
export const AUTHENTICATION_SETTINGS = z.discriminatedUnion('AUTH_MODE', [
  z.object({
    AUTH_MODE: z.literal('none'),
    HTTP_HOST: z
      .string()
      .refine(
        isLoopback,
        'must be a loopback address where AUTH_MODE is none: callers are not asked who they are. Set AUTH_MODE to token or jwt',
      ),
  }),
  z.object({ AUTH_MODE: z.literal('token') }),
  z.object({
    AUTH_MODE: z.literal('jwt'),
    AUTH_ISSUER: needed,
    AUTH_JWKS_URL: needed,
    AUTH_AUDIENCE: z.string().optional(),
    AUTH_ALGORITHMS: z.array(z.string()),
    AUTH_CALLER_CLAIM: z.string(),
    PUBLIC_URL: needed,
  }),
]);

/** The authentication method of HTTP callers. */
export type AuthenticationConfig = { mode: 'none' } | { mode: 'token' } | ({ mode: 'jwt' } & JwtConfig);

export interface JwtConfig {
  issuer: string;
  jwksUrl: string;
  audience: string;
  algorithms: string[];
  /** The claim that names the caller. */
  callerClaim: string;
  /** The canonical URI of the MCP endpoint (RFC 8707, section 2). */
  resource: string;
}

/** The settings as the rest of the program takes them; an audience that is not set is the MCP endpoint itself. */
export function toAuthentication(env: z.output<typeof AUTHENTICATION_SETTINGS>): AuthenticationConfig {
  if (env.AUTH_MODE !== 'jwt') return { mode: env.AUTH_MODE };
  return {
    mode: 'jwt',
    issuer: env.AUTH_ISSUER,
    jwksUrl: env.AUTH_JWKS_URL,
    audience: env.AUTH_AUDIENCE ?? env.PUBLIC_URL,
    algorithms: env.AUTH_ALGORITHMS,
    callerClaim: env.AUTH_CALLER_CLAIM,
    resource: env.PUBLIC_URL,
  };
}
