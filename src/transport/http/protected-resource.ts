import { reply } from './reply.js';
import type { Route } from './server.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The metadata of the MCP endpoint for OAuth clients (RFC 9728, section 2). */
export interface ProtectedResource {
  /** The endpoint's canonical URI. */
  resource: string;
  issuer: string;
  scopes: readonly string[];
}

/** The address of a resource's metadata (RFC 9728, section 3.1). */
export function resourceMetadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return origin + wellKnownPath(pathname);
}

/** The metadata at the resource's own path and, for clients that look no further, at the root. */
export function protectedResourceRoutes({ resource, issuer, scopes }: ProtectedResource): [string, Route][] {
  const metadata = {
    resource,
    authorization_servers: [issuer],
    scopes_supported: scopes,
    bearer_methods_supported: ['header'],
    resource_name: 'Steward',
  };
  const route: Route = {
    method: 'GET',
    aside: true,
    anyOrigin: true,
    handle: async (_request, response, headers) => reply(response, 200, metadata, headers),
  };
  return [
    [WELL_KNOWN, route],
    [wellKnownPath(new URL(resource).pathname), route],
  ];
}

function wellKnownPath(pathname: string): string {
  return WELL_KNOWN + (pathname === '/' ? '' : pathname);
}
