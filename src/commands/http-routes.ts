import proxyAddr from 'proxy-addr';
import type { ConfigForHttp } from '../settings/config.js';
import { StewardError, type ErrorCode } from '../errors.js';
import { readinessOf } from '../database/readiness.js';
import { createAdmission } from '../guard/admission.js';
import { AuthenticationError, type Authentication } from '../guard/authentication/index.js';
import { InFlight } from '../guard/in-flight.js';
import { createGuard } from '../guard/index.js';
import { createRateLimit, createRequestLimit } from '../guard/rate-limit.js';
import type { Redis } from '../guard/redis.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { createAnswer } from '../protocol/answer.js';
import { mcpRoute } from '../transport/http/mcp-route.js';
import { protectedResourceRoutes } from '../transport/http/protected-resource.js';
import { healthRoute, metricsRoute, readyRoute } from '../transport/http/operator-routes.js';
import type { Route } from '../transport/http/server.js';
import type { Tracing } from '../observability/tracing.js';
import { VERSION } from '../version.js';
import type { Served } from './compose.js';

/** A batch starts no call after this time: long enough for some calls, well below a client's wait of a minute. */
const LONGEST_BATCH_CALLS = 4;
const LONGEST_BATCH_MS = 40_000;

/** A client greets, lists and notifies, too: some do so around every call. */
const REQUESTS_A_CALL = 5;

export interface HttpServices extends Served {
  config: ConfigForHttp;
  authentication: Authentication;
  log: Log;
  redis: Redis | undefined;
  /** Aborted when the process has begun to stop. */
  stopping: AbortSignal;
  tracing: Tracing;
  /** Absent if metrics are off. */
  metrics?: Metrics | undefined;
}

/** Everything that is served, by path. */
export function httpRoutes(services: HttpServices): Map<string, Route> {
  const { catalogue, config, log, databases, stopping, metrics } = services;
  const { authentication } = config;
  const { metricsToken } = config.http;
  const routes = new Map<string, Route>([
    ['/mcp', openMcp(services)],
    ['/health', healthRoute(VERSION)],
    ['/ready', readyRoute(readinessOf(databases, log), stopping)],
    // Only an OAuth resource has metadata.
    ...(authentication.mode === 'jwt'
      ? protectedResourceRoutes({
          ...authentication,
          scopes: catalogue.scopes.map((scope) => authentication.scopePrefix + scope),
        })
      : []),
  ]);
  if (metrics && metricsToken !== undefined) routes.set('/metrics', metricsRoute(metricsToken, metrics));
  return routes;
}

/** The way of a call: from the door through the guard to a capability. */
function openMcp(services: HttpServices): Route {
  const { catalogue, config, authentication, log, domains, databases, redis, tracing, metrics } = services;
  const { http } = config;
  const guard = createGuard({
    log,
    tracing,
    rateLimit: createRateLimit(
      config.rateLimitPerMinute,
      redis && { redis, withoutRedis: http.withoutRedis },
    ),
    deadlineMs: config.callDeadlineMs,
    observe: (call, outcome, ms) => metrics?.countCall(call, outcome, ms),
  });
  const requestLimit = createRequestLimit(REQUESTS_A_CALL * config.rateLimitPerMinute);
  const inFlight = new InFlight(http.inFlight);
  metrics?.watch({
    connections: () => Object.fromEntries(databases.map(({ name, connectionUse }) => [name, connectionUse])),
    caches: () => Object.assign({}, ...domains.map((domain) => domain.cacheUse?.())),
    callsInFlight: () => inFlight.total,
  });
  const trusted = proxyAddr.compile(http.trustedProxies);
  return mcpRoute({
    addressOf: (request) => proxyAddr(request, trusted),
    admit: createAdmission(authentication, requestLimit, inFlight, (step, error) =>
      metrics?.countRefusal(step, codeOf(error)),
    ),
    challenge: authentication.challenge,
    answer: createAnswer({ catalogue, guard, tracing, version: VERSION }),
    largestBodyBytes: http.largestBodyBytes,
    longestBatchMs: Math.min(LONGEST_BATCH_CALLS * config.callDeadlineMs, LONGEST_BATCH_MS),
  });
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof StewardError || error instanceof AuthenticationError ? error.code : 'INTERNAL';
}
