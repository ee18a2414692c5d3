import { z } from 'zod';
import { isLoopback } from './fields.js';

const needed = z.string('must be set where AUTH_MODE is jwt');

/** With AUTH_MODE=none every client has every scope, so no other machine may reach this one. */
const UNASKED = 'where AUTH_MODE is none: callers are not asked who they are. Set AUTH_MODE to token or jwt';

/** The authentication method of HTTP callers: rules on combinations of variables that apply to `steward http` only. */
export const AUTHENTICATION = z.discriminatedUnion('AUTH_MODE', [
  z
    .object({
      AUTH_MODE: z.literal('none'),
      HTTP_HOST: z.string().refine(isLoopback, `must be a loopback address ${UNASKED}`),
      PUBLIC_URL: z
        .string()
        .refine((url) => isLoopback(new URL(url).hostname), `must be one of a loopback address ${UNASKED}`)
        .optional(),
      ALLOWED_HOSTS: z
        .array(z.string())
        .refine((hosts) => hosts.every(isLoopback), `must be loopback addresses ${UNASKED}`),
      TRUSTED_PROXIES: z.array(z.string()).max(0, `must not be set ${UNASKED}`),
    })
    .transform(({ AUTH_MODE: mode }) => ({ mode })),
  z.object({ AUTH_MODE: z.literal('token') }).transform(({ AUTH_MODE: mode }) => ({ mode })),
  z
    .object({
      AUTH_MODE: z.literal('jwt'),
      AUTH_ISSUER: needed,
      AUTH_JWKS_URL: needed,
      AUTH_AUDIENCE: z.array(z.string()),
      AUTH_CLIENT_IDS: z.array(z.string()),
      AUTH_SCOPE_PREFIX: z.string(),
      AUTH_ALGORITHMS: z.array(z.string()),
      AUTH_CALLER_CLAIM: z.string(),
      PUBLIC_URL: needed,
    })
    .transform((env) => ({
      mode: env.AUTH_MODE,
      issuer: env.AUTH_ISSUER,
      jwksUrl: env.AUTH_JWKS_URL,
      /** Where there are none, it is the MCP endpoint itself. */
      audiences: env.AUTH_AUDIENCE,
      /** The clients whose tokens need name no audience. */
      clientIds: env.AUTH_CLIENT_IDS,
      scopePrefix: env.AUTH_SCOPE_PREFIX,
      algorithms: env.AUTH_ALGORITHMS,
      /** The claim that names the caller. */
      callerClaim: env.AUTH_CALLER_CLAIM,
      /** The canonical URI of the MCP endpoint (RFC 8707, section 2). */
      resource: env.PUBLIC_URL,
    })),
]);

export type AuthenticationConfig = z.output<typeof AUTHENTICATION>;
export type JwtConfig = Extract<AuthenticationConfig, { mode: 'jwt' }>;
