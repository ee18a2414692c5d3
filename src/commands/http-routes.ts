import proxyAddr from 'proxy-addr';
import type { Catalogue } from '../capabilities/index.js';
import type { AuthenticationConfig } from '../authentication-settings.js';
import type { Config, HttpConfig } from '../config.js';
import type { Database } from '../database/index.js';
import { readinessOf } from '../database/readiness.js';
import type { Directory } from '../directory/index.js';
import { createAdmission } from '../guard/admission.js';
import type { Authentication } from '../guard/authentication/index.js';
import { InFlight } from '../guard/in-flight.js';
import { createGuard } from '../guard/index.js';
import { createRateLimit } from '../guard/rate-limit.js';
import type { SharedStore } from '../guard/shared-store.js';
import type { Log } from '../log.js';
import { isLoopback } from '../loopback.js';
import type { Metrics } from '../observability/metrics.js';
import { SCOPES } from '../scopes.js';
import { serverFactory } from '../server/index.js';
import { mcpEndpoint } from '../transport/http/mcp-endpoint.js';
import { metricsEndpoint } from '../transport/http/metrics-endpoint.js';
import type { OriginPolicy } from '../transport/http/origin.js';
import { protectedResourceRoutes } from '../transport/http/protected-resource.js';
import { healthRoute, readyRoute } from '../transport/http/probes.js';
import type { Route } from '../transport/http/server.js';
import type { Tracing } from '../tracing.js';
import { VERSION } from '../version.js';
import { openDirectory } from './open-directory.js';

export interface HttpServices {
  catalogue: Catalogue;
  config: Config & { authentication: AuthenticationConfig };
  authentication: Authentication;
  log: Log;
  database: Database;
  store: SharedStore | undefined;
  /** Aborted when the process has begun to stop. */
  stopping: AbortSignal;
  tracing: Tracing;
  /** Absent where nobody may see them. */
  metrics?: Metrics | undefined;
}

/** Everything that is served, by path. */
export function httpRoutes(services: HttpServices): Map<string, Route> {
  const { catalogue, config, authentication, log, database, store, stopping, tracing, metrics } = services;
  const { http } = config;
  const open = openDirectory(database, config, (error) => log.error(error.message));
  let directory: Directory | undefined;
  const guard = createGuard({
    log,
    tracing,
    deadlineMs: config.callDeadlineMs,
    directory: async () => (directory = await open()),
    observe: metrics && ((call, outcome, ms) => metrics.countCall(call, outcome, ms)),
  });
  const rateLimit = createRateLimit(
    config.rateLimitPerMinute,
    store && { store, withoutThem: http.withoutRedis },
  );
  const inFlight = new InFlight(http.inFlight);
  metrics?.watch({
    connections: () => database.connectionUse,
    departmentsCache: () => directory?.departments.cacheUse ?? { hits: 0, misses: 0 },
    callsInFlight: () => inFlight.total,
  });
  const trusted = proxyAddr.compile(http.trustedProxies);
  const mcp = mcpEndpoint({
    addressOf: (request) => proxyAddr(request, trusted),
    admit: createAdmission({
      authenticate: authentication.authenticate,
      anonymous: authentication.anonymous,
      rateLimit,
      inFlight,
      observe: metrics && ((step, error) => metrics.countRefusal(step, error)),
    }),
    challenge: authentication.challenge,
    serverFor: serverFactory({ catalogue, guard, tracing, version: VERSION }),
    largestBodyBytes: http.largestBodyBytes,
  });
  const routes = new Map<string, Route>([
    ['/mcp', mcp],
    ['/health', healthRoute(VERSION)],
    ['/ready', readyRoute(readinessOf(database, log), stopping)],
    ...metadataRoutes(config.authentication),
  ]);
  if (metrics && http.metricsToken !== undefined)
    routes.set(
      '/metrics',
      metricsEndpoint(http.metricsToken, () => metrics.exposition()),
    );
  return routes;
}

/** Only an OAuth resource has metadata. */
function metadataRoutes(config: AuthenticationConfig): [string, Route][] {
  return config.mode === 'jwt' ? protectedResourceRoutes({ ...config, scopes: SCOPES }) : [];
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
