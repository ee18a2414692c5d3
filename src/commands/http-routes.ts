import proxyAddr from 'proxy-addr';
import type { Catalogue } from '../capabilities/index.js';
import type { AuthenticationConfig } from '../authentication-settings.js';
import type { Config } from '../config.js';
import type { Database } from '../database/index.js';
import { readinessOf } from '../database/readiness.js';
import type { Directory } from '../directory/index.js';
import { createAdmission } from '../guard/admission.js';
import type { Authentication } from '../guard/authentication/index.js';
import { InFlight } from '../guard/in-flight.js';
import { createGuard } from '../guard/index.js';
import { createRateLimit } from '../guard/rate-limit.js';
import type { Redis } from '../guard/redis.js';
import type { Log } from '../log.js';
import type { Metrics } from '../observability/metrics.js';
import { SCOPES } from '../scopes.js';
import { answerRequest } from '../server/answer-request.js';
import { createDispatch } from '../server/dispatch.js';
import { mcpRoute } from '../transport/http/mcp-route.js';
import { metricsRoute } from '../transport/http/metrics-route.js';
import { protectedResourceRoutes } from '../transport/http/protected-resource.js';
import { healthRoute, readyRoute } from '../transport/http/probes.js';
import type { Route } from '../transport/http/server.js';
import type { Tracing } from '../tracing.js';
import { VERSION } from '../version.js';
import { openDirectory } from './open-directory.js';

/** How long a batch may go on beginning calls: as long as some calls may take, and well below a minute, which clients wait. */
const LONGEST_BATCH_CALLS = 4;
const LONGEST_BATCH_MS = 40_000;

/** A cache before there is a directory. */
const UNUSED = { hits: 0, misses: 0 };

export interface HttpServices {
  catalogue: Catalogue;
  config: Config & { authentication: AuthenticationConfig };
  authentication: Authentication;
  log: Log;
  database: Database;
  redis: Redis | undefined;
  /** Aborted when the process has begun to stop. */
  stopping: AbortSignal;
  tracing: Tracing;
  /** Absent where nobody may see them. */
  metrics?: Metrics | undefined;
}

/** Everything that is served, by path. */
export function httpRoutes(services: HttpServices): Map<string, Route> {
  const { config, log, database, stopping, metrics } = services;
  const { metricsToken } = config.http;
  const routes = new Map<string, Route>([
    ['/mcp', openMcp(services)],
    ['/health', healthRoute(VERSION)],
    ['/ready', readyRoute(readinessOf(database, log), stopping)],
    ...metadataRoutes(config.authentication),
  ]);
  if (metrics && metricsToken !== undefined)
    routes.set(
      '/metrics',
      metricsRoute(metricsToken, () => metrics.exposition()),
    );
  return routes;
}

/** The way of a call: from the door through the guard to a server, on the directory as soon as there is one. */
function openMcp(services: HttpServices): Route {
  const { catalogue, config, authentication, log, database, redis, tracing, metrics } = services;
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
    redis && { redis, withoutRedis: http.withoutRedis },
  );
  const inFlight = new InFlight(http.inFlight);
  metrics?.watch({
    connections: () => database.connectionUse,
    caches: () => ({ departments: directory?.departments.cacheUse ?? UNUSED }),
    callsInFlight: () => inFlight.total,
  });
  const dispatch = createDispatch({ catalogue, guard, tracing, version: VERSION });
  const trusted = proxyAddr.compile(http.trustedProxies);
  return mcpRoute({
    addressOf: (request) => proxyAddr(request, trusted),
    admit: createAdmission({
      authentication,
      rateLimit,
      inFlight,
      observe: metrics && ((step, error) => metrics.countRefusal(step, error)),
    }),
    challenge: authentication.challenge,
    answer: (message, request) => answerRequest(dispatch, message, request),
    largestBodyBytes: http.largestBodyBytes,
    longestBatchMs: Math.min(LONGEST_BATCH_CALLS * config.callDeadlineMs, LONGEST_BATCH_MS),
  });
}

/** Only an OAuth resource has metadata. */
function metadataRoutes(config: AuthenticationConfig): [string, Route][] {
  return config.mode === 'jwt' ? protectedResourceRoutes({ ...config, scopes: SCOPES }) : [];
}
