import type { AuthenticationConfig } from '../authentication-settings.js';
import type { Config } from '../config.js';
import { withoutAuthentication, type Authentication } from '../guard/authentication/index.js';
import { withJwt } from '../guard/authentication/jwt.js';
import type { Log } from '../log.js';
import { resourceMetadataUrl } from '../transport/http/protected-resource.js';

/** How callers of the HTTP server say who they are, as AUTH_MODE has it. */
export function openAuthentication(
  { authentication, callerName }: Config & { authentication: AuthenticationConfig },
  log: Log,
): Authentication {
  switch (authentication.mode) {
    case 'none':
      return withoutAuthentication(callerName);
    case 'jwt':
      return withJwt(authentication, resourceMetadataUrl(authentication.resource), log);
  }
}
