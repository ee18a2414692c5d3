import { OperatorError } from '../errors.js';
import type { ConfigForHttp, HttpConfig } from '../settings/config.js';
import { withoutAuthentication, type Authentication } from '../guard/authentication/index.js';
import { withJwt } from '../guard/authentication/jwt.js';
import { withStaticTokens } from '../guard/authentication/static-tokens.js';
import type { Redis } from '../guard/redis.js';
import { createLog, type Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { originPolicy } from '../transport/http/origin.js';
import { resourceMetadataUrl } from '../transport/http/protected-resource.js';
import { HttpServer } from '../transport/http/server.js';
import { VERSION } from '../version.js';
import { composeConfigured, composeServer, type Compose, type Served } from './compose.js';
import { httpRoutes } from './http-routes.js';
import { readHttpConfig } from './read-config.js';
import { closeWithin, onProcessEvents, openTracing } from './server-process.js';

/** Closing the idle database may take this many milliseconds. */
const CLOSING_MS = 5000;

const WITHOUT_REDIS = {
  open: 'each process counts calls for itself',
  closed: 'calls are refused',
};

/**
 * Serves MCP over HTTP until a signal stops the process; then takes no more requests, answers what is under way, closes
 * the databases and exits. A database that cannot be used is no reason to end: /ready tells, until it can.
 * @throws OperatorError
 */
export async function serveHttp(compose: Compose = composeConfigured): Promise<void> {
  const config = readHttpConfig();
  const log = createLog(config.logLevel);
  const served = composeServer(compose, { config, log, onUnusable: (error) => log.error(error.message) });
  const { databases } = served;
  const authentication = await openAuthentication(config, served, log);
  const redis = await connectRedis(config.http, log);
  const metrics = await openMetrics(config.http, served);
  const tracing = await openTracing(config, log);
  const stopping = new AbortController();
  const server = new HttpServer(
    httpRoutes({
      ...served,
      config,
      authentication,
      log,
      redis,
      tracing,
      metrics,
      stopping: stopping.signal,
    }),
    originPolicy(config.http),
    log,
    { tracing, answered: metrics && ((path, status) => metrics.countRequest(path, status)) },
    config.http.mostConnections,
  );

  const port = await server.listen(config.http.host, config.http.port).catch((error: unknown) => {
    throw cannotListen(error as NodeJS.ErrnoException, config.http);
  });
  const stop = async (reason: string) => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    log.info('stopping', { reason });
    await server.close(config.http.shutdownGraceMs);
    await closeWithin(CLOSING_MS, ...databases, tracing, ...(redis ? [redis] : []));
    log.info('stopped');
    process.exit(0);
  };
  onProcessEvents(log, (signal) => void stop(signal));
  log.info('serving over http', {
    version: VERSION,
    host: config.http.host,
    port,
    authentication: config.authentication.mode,
    settings: config.files,
  });
  // The first call need not wait for a connection to be made.
  for (const database of databases) database.ready().catch(() => {});
}

/**
 * The authentication of HTTP callers, as AUTH_MODE sets it.
 * @throws OperatorError
 */
async function openAuthentication(
  config: ConfigForHttp,
  { catalogue: { scopes }, callerScopes, callerClaims }: Served,
  log: Log,
): Promise<Authentication> {
  const { authentication, callerName } = config;
  switch (authentication.mode) {
    case 'none':
      return withoutAuthentication(callerName, callerScopes, callerClaims);
    case 'token':
      return withStaticTokens(config.tokensFile, scopes, log);
    case 'jwt':
      return withJwt(authentication, scopes, resourceMetadataUrl(authentication.resource), log);
  }
}

/** Only where processes are to share their counts of calls. */
async function connectRedis({ redisUrl, withoutRedis }: HttpConfig, log: Log): Promise<Redis | undefined> {
  if (redisUrl === undefined) return undefined;
  const { openRedis } = await import('../guard/redis.js');
  return openRedis(redisUrl, log, WITHOUT_REDIS[withoutRedis]);
}

/** Loaded only if metrics are on. */
async function openMetrics({ metricsToken }: HttpConfig, { domains }: Served): Promise<Metrics | undefined> {
  if (metricsToken === undefined) return undefined;
  const { Metrics } = await import('../observability/metrics.js');
  return new Metrics(VERSION, [...new Set(domains.flatMap(({ labels }) => labels?.names ?? []))]);
}

const LISTENING: Record<string, string> = {
  EADDRINUSE: 'The port is taken: another program listens there. Stop it, or set HTTP_PORT to another.',
  EACCES: 'The port may not be used by this user. Set HTTP_PORT to one above 1023.',
  EADDRNOTAVAIL: 'This machine has no such address. Set HTTP_HOST to one that it has, or to 0.0.0.0 for all.',
  ENOTFOUND: 'There is no address of this name. Set HTTP_HOST to an address of this machine.',
};

function cannotListen(error: NodeJS.ErrnoException, { host, port }: HttpConfig): OperatorError {
  const reason = LISTENING[error.code ?? ''] ?? error.message;
  return new OperatorError(`Steward cannot listen on ${host}, port ${port}. ${reason}`, { cause: error });
}
