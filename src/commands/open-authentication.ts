import type { AuthenticationConfig } from '../settings/authentication.js';
import type { Scope } from '../capability/define.js';
import type { Config } from '../settings/config.js';
import { CurrentTokens } from '../guard/authentication/current-tokens.js';
import { withoutAuthentication, type Authentication } from '../guard/authentication/index.js';
import { withJwt } from '../guard/authentication/jwt.js';
import { withStaticTokens } from '../guard/authentication/static-tokens.js';
import type { Log } from '../observability/log.js';
import { resourceMetadataUrl } from '../transport/http/protected-resource.js';

/**
 * The authentication of HTTP callers, as AUTH_MODE sets it.
 * @throws OperatorError
 */
export async function openAuthentication(
  { authentication, callerName, tokensFile }: Config & { authentication: AuthenticationConfig },
  scopes: readonly Scope[],
  log: Log,
): Promise<Authentication> {
  switch (authentication.mode) {
    case 'none':
      return withoutAuthentication(callerName, scopes);
    case 'token':
      return withStaticTokens(await CurrentTokens.open(tokensFile, log), scopes);
    case 'jwt':
      return withJwt(authentication, scopes, resourceMetadataUrl(authentication.resource), log);
  }
}
