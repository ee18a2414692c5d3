import { expect } from '@jest/globals';
import { freePort } from './free-port.mjs';
import { codeOf, HttpSteward, type HttpAnswer } from './http.js';
import type { Issuer } from './issuer.js';

export const ALL_SCOPES = 'directory:read directory:write audit:read';

/** A Steward that trusts the issuer, on a port that is known before it starts. */
export async function stewardTrusting(issuer: Issuer, env: Record<string, string>): Promise<HttpSteward> {
  const port = await freePort();
  return HttpSteward.start({
    HTTP_PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}/mcp`,
    AUTH_MODE: 'jwt',
    AUTH_ISSUER: issuer.url,
    AUTH_JWKS_URL: issuer.jwksUrl,
    ...env,
  });
}

/** The whole answer to a token that is no good. */
export function expectUnauthorised(answer: HttpAnswer, steward: HttpSteward, description: string): void {
  expect(answer.status).toBe(401);
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  const metadata = `http://127.0.0.1:${steward.port}/.well-known/oauth-protected-resource/mcp`;
  expect(answer.headers['www-authenticate']).toBe(
    `Bearer resource_metadata="${metadata}", error="invalid_token", error_description="${description}", scope="${ALL_SCOPES}"`,
  );
}
