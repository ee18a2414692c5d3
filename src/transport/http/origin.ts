import type { IncomingMessage } from 'node:http';
import type { HttpConfig } from '../../settings/config.js';
import { isLoopback } from '../../settings/fields.js';
import { HttpRefusal } from './refusal.js';

/** The port is not looked at: a name that leads here is as good on any. */
export interface OriginPolicy {
  /** Names and addresses by which this server may be called. */
  hosts: ReadonlySet<string>;
  /** Web origins whose pages may call it, besides its own. */
  origins: ReadonlySet<string>;
}

/** The names and origins of the configuration and, on a loopback address, those that only this machine knows by. */
export function originPolicy({ host, publicUrl, allowedHosts, allowedOrigins }: HttpConfig): OriginPolicy {
  const own = isLoopback(host) ? ['localhost', '127.0.0.1', '[::1]', host] : [];
  const called = publicUrl === undefined ? [] : [new URL(publicUrl)];
  return {
    hosts: new Set(
      [...own, ...called.map((url) => url.hostname), ...allowedHosts].map((name) => name.toLowerCase()),
    ),
    origins: new Set([...called.map((url) => url.origin), ...allowedOrigins]),
  };
}

/**
 * Keeps web pages of others from reaching this server through a user's browser, also by DNS rebinding
 * (specification 2025-11-25, basic/transports, security warning).
 * @returns headers by which a browser lets an allowed page read the answer (Fetch standard, CORS protocol)
 * @throws HttpRefusal 403
 */
export function checkOrigin(request: IncomingMessage, policy: OriginPolicy): Record<string, string> {
  const { host = '', origin } = request.headers;
  if (!policy.hosts.has(hostname(host))) {
    throw new HttpRefusal(403, 'This server does not go by the name in the Host header. See ALLOWED_HOSTS.');
  }
  if (origin === undefined) return {};
  if (!policy.origins.has(origin.toLowerCase()) && !isOwn(origin, host)) {
    throw new HttpRefusal(403, 'Pages of this origin may not call this server. See ALLOWED_ORIGINS.');
  }
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'WWW-Authenticate, Retry-After, Mcp-Session-Id',
    vary: 'Origin',
  };
}

/**
 * The preflight that a browser sends before a page may send JSON or a token. It allows the headers that are asked for: who
 * may call is decided by origin, and names of headers change with each revision and tracer.
 */
export function preflightHeaders(method: string, { headers }: IncomingMessage): Record<string, string> {
  const asked = headers['access-control-request-headers'];
  return {
    // Clients end what they take for a session with DELETE. A page's reads that it is not allowed.
    'access-control-allow-methods': method === 'POST' ? 'POST, DELETE' : method,
    ...(asked !== undefined && { 'access-control-allow-headers': asked }),
    'access-control-max-age': '600',
    vary: 'Origin, Access-Control-Request-Headers',
  };
}

/** The name in a Host header, without its port, in lower case. */
function hostname(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}

function isOwn(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: named } = new URL(origin);
  return /^https?:$/.test(protocol) && named === host.toLowerCase();
}
