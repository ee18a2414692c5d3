import type { AuthenticationConfig } from '../settings/authentication.js';
import type { Config } from '../settings/config.js';
import { CurrentTokens } from '../guard/authentication/current-tokens.js';
import { withoutAuthentication, type Authentication } from '../guard/authentication/index.js';
import { withJwt } from '../guard/authentication/jwt.js';
import { withStaticTokens } from '../guard/authentication/static-tokens.js';
import type { Log } from '../observability/log.js';
import { resourceMetadataUrl } from '../transport/http/protected-resource.js';

/**
 * How callers of the HTTP server say who they are, as AUTH_MODE has it.
 * @throws TokenFileError
 */
export async function openAuthentication(
  { authentication, callerName, tokensFile }: Config & { authentication: AuthenticationConfig },
  log: Log,
): Promise<Authentication> {
  switch (authentication.mode) {
    case 'none':
      return withoutAuthentication(callerName);
    case 'token':
      return withStaticTokens(await CurrentTokens.open(tokensFile, log));
    case 'jwt':
      return withJwt(authentication, resourceMetadataUrl(authentication.resource), log);
  }
}
