import os from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { CALLER_NAME } from '../caller-name.js';
import { OperatorError } from '../errors.js';
import { AUTHENTICATION } from './authentication.js';
import { describeIssue } from './describe-issue.js';
import { ENVIRONMENT, type Environment } from './environment.js';
import { userFolder } from './folders.js';
import { readPostgresUrl } from './postgres-url.js';
import { readSources, type Found } from './sources.js';

export type Config = ReturnType<typeof toConfig>;
export type ConfigForHttp = ReturnType<typeof loadHttpConfig>;
export type DatabaseConfig = Config['database'];
export type HttpConfig = Config['http'];
/** Milliseconds. */
export type SessionConfig = DatabaseConfig['session'];

/**
 * Reads the settings.
 * @param domainSettings of all domains, by variable
 * @throws OperatorError naming every problem at once; values are never repeated, as they may hold a password
 */
export function loadConfig(domainSettings: z.ZodRawShape, environment = process.env): Config {
  return read(domainSettings, environment, 'any command').config;
}

/**
 * As loadConfig, with what only the HTTP server needs to be right.
 * @throws OperatorError
 */
export function loadHttpConfig(domainSettings: z.ZodRawShape) {
  const { env, config } = read(domainSettings, process.env, 'http');
  return Object.assign(config, { authentication: AUTHENTICATION.parse(env) });
}

function read(
  domainSettings: z.ZodRawShape,
  environment: NodeJS.ProcessEnv,
  usedBy: 'http' | 'any command',
): { env: Environment; config: Config } {
  const found = readSources(environment);
  const known = ENVIRONMENT.extend(domainSettings);
  const invalid = known.safeParse(found.variables).error?.issues ?? [];
  const wrong = new Set(invalid.map((issue) => String(issue.path[0])));
  const rest = Object.entries(found.variables).filter(([name]) => !wrong.has(name));
  const env = ENVIRONMENT.parse(Object.fromEntries(rest));
  // Without a valid mode its needs are unknown.
  const conflicts = usedBy === 'http' && !wrong.has('AUTH_MODE') ? conflictsOfHttp(env) : [];
  // A project of others may have a DATABASE_URL of any kind, which a configuration file need not use.
  const isDeferred = ({ path: [name] }: z.core.$ZodIssue) =>
    name === 'DATABASE_URL' && Object.keys(found.file?.content ?? {}).length > 0;
  const unusable = invalid.find(isDeferred);
  const problems = [
    ...found.named
      .filter((name) => !Object.hasOwn(known.shape, name))
      .map((name) => `${name} is no setting of Steward, but stands in the configuration file`),
    ...invalid.filter((issue) => !isDeferred(issue)).map(describe),
    // A variable is reported once.
    ...[...conflicts, ...contradictions(env, unusable !== undefined)].filter(
      (problem) => !wrong.has(problem.split(' ')[0] ?? ''),
    ),
  ];
  if (problems.length > 0) throw cannotBeUsed(problems);
  return { env, config: toConfig(env, found, unusable) };
}

function cannotBeUsed(problems: string[]): OperatorError {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new OperatorError(
    `The configuration cannot be used:\n${list}\ndocs/configuration.md lists all settings.`,
  );
}

function conflictsOfHttp(env: Environment): string[] {
  const problems = AUTHENTICATION.safeParse(env).error?.issues.map(describe) ?? [];
  const shared = (['REDIS_URL', 'PUBLIC_URL'] as const).find((name) => env[name] !== undefined);
  // Processes that serve the same callers must open what the others sealed.
  if (env.STEWARD_SECRET === undefined && shared !== undefined) {
    problems.push(
      `STEWARD_SECRET must be set where ${shared} is: all processes behind it have to share it. Make one with: openssl rand -base64 32 | tr +/ -_ | tr -d =`,
    );
  }
  return problems;
}

function describe(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.')} ${issue.code === 'invalid_type' ? issue.message : describeIssue(issue)}`;
}

/** @param named whether DATABASE_URL names a database that is not read */
function contradictions(env: Environment, named: boolean): string[] {
  const problems: string[] = [];
  if (env.DB_POOL_MIN > env.DB_POOL_MAX) problems.push('DB_POOL_MIN must not be greater than DB_POOL_MAX');
  for (const name of ['DB_ACQUIRE_TIMEOUT_MS', 'DB_STATEMENT_TIMEOUT_MS', 'DB_LOCK_TIMEOUT_MS'] as const) {
    if (env[name] >= env.CALL_DEADLINE_MS) problems.push(`${name} must be less than CALL_DEADLINE_MS`);
  }
  const parts = urlFromParts(env)?.problem;
  if (parts !== undefined && !env.DATABASE_URL) problems.push(`DB_NAME names an address that ${parts}`);
  if (env.DATABASE_URL || env.DB_NAME || named) return problems;
  if (env.DB_USER || env.DB_PASSWORD) problems.push('DB_USER and DB_PASSWORD are of no use without DB_NAME');
  if (env.DATABASE_REPLICA_URL.length > 0)
    problems.push('DATABASE_REPLICA_URL is of no use without DATABASE_URL or DB_NAME');
  if (env.DATABASE_DIRECT_URL !== undefined)
    problems.push('DATABASE_DIRECT_URL is of no use without DATABASE_URL or DB_NAME');
  return problems;
}

/** @param unusable what is wrong with DATABASE_URL, should it be used */
function toConfig(env: Environment, found: Found, unusable: z.core.$ZodIssue | undefined) {
  const server = () => {
    if (unusable) throw cannotBeUsed([describe(unusable)]);
    return env.DATABASE_URL ?? urlFromParts(env)?.url;
  };
  return {
    environment: env.NODE_ENV,
    logLevel: env.LOG_LEVEL,
    readOnly: env.READ_ONLY,
    database: {
      /** A server's URL; absent, the embedded PostgreSQL is used. @throws OperatorError where DATABASE_URL is no address */
      get url() {
        return server();
      },
      /** That server for work that a pooler cannot carry: its session outlasts a transaction. @throws OperatorError, as `url` */
      get directUrl() {
        return env.DATABASE_DIRECT_URL ?? server();
      },
      /** Servers that follow that one, for reads. */
      replicaUrls: env.DATABASE_REPLICA_URL,
      embedded: {
        /** @throws OperatorError where the user has no home, and it is needed */
        get dataDir() {
          return (
            env.STEWARD_DATA_DIR ?? path.join(userFolder('data', 'steward', 'STEWARD_DATA_DIR'), 'postgres')
          );
        },
        lingerMs: env.STEWARD_EMBEDDED_LINGER_MS,
      },
      /** The folder of pg_dump and pg_restore, if configured. */
      binDir: env.POSTGRES_BIN_DIR,
      /** Of all databases of a configuration file. */
      connectionsTotal: env.DB_CONNECTIONS_TOTAL,
      session: {
        pool: {
          min: env.DB_POOL_MIN,
          max: env.DB_POOL_MAX,
          acquireTimeoutMs: env.DB_ACQUIRE_TIMEOUT_MS,
          idleTimeoutMs: env.DB_IDLE_TIMEOUT_MS,
          lifetimeMs: env.DB_CONNECTION_LIFETIME_MS,
        },
        statementTimeoutMs: env.DB_STATEMENT_TIMEOUT_MS,
        lockTimeoutMs: env.DB_LOCK_TIMEOUT_MS,
        idleInTransactionTimeoutMs: env.DB_IDLE_IN_TRANSACTION_TIMEOUT_MS,
      },
    },
    http: {
      host: env.HTTP_HOST,
      port: env.HTTP_PORT,
      /** By which clients call the MCP endpoint. */
      publicUrl: env.PUBLIC_URL,
      allowedHosts: env.ALLOWED_HOSTS,
      allowedOrigins: env.ALLOWED_ORIGINS,
      trustedProxies: env.TRUSTED_PROXIES,
      mostConnections: env.MAX_CONNECTIONS,
      largestBodyBytes: env.MAX_BODY_BYTES,
      inFlight: { total: env.MAX_CALLS_IN_FLIGHT, perCaller: env.MAX_CALLS_IN_FLIGHT_PER_CALLER },
      redisUrl: env.REDIS_URL,
      withoutRedis: env.RATE_LIMIT_WITHOUT_REDIS,
      metricsToken: env.METRICS_TOKEN,
      shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    },
    /** @throws OperatorError as dataDir */
    get tokensFile() {
      return (
        env.AUTH_TOKENS_FILE ?? path.join(userFolder('config', 'steward', 'AUTH_TOKENS_FILE'), 'tokens.json')
      );
    },
    callerName: env.STEWARD_CALLER ?? localUser(),
    rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    callDeadlineMs: env.CALL_DEADLINE_MS,
    /** The destination of traces; absent, there are none. */
    tracesUrl: env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? tracesUnder(env.OTEL_EXPORTER_OTLP_ENDPOINT),
    /** In base64url, the first of them seals; undefined: one is made. */
    secrets: env.STEWARD_SECRET,
    /** Every variable as text, checked, for the domains to read theirs from. */
    variables: found.variables,
    /** The files that settings were read from. */
    files: found.files,
    /** What is served beside the settings; absent without a configuration file. */
    file: found.file,
  };
}

/** OpenTelemetry specification, protocol/exporter: the path of traces is added to that of the endpoint. */
function tracesUnder(endpoint: string | undefined): string | undefined {
  return endpoint?.replace(/\/*$/, '/v1/traces');
}

/** A user id without an entry in the system's list of users, as containers have, has no name; some names cannot be shown. */
function localUser(): string {
  try {
    const { username } = os.userInfo();
    if (CALLER_NAME.test(username)) return username;
  } catch {
    // The number says who it is.
  }
  return `uid-${process.getuid?.()}`;
}

function urlFromParts(env: Environment): { url?: string; problem?: string } | undefined {
  if (!env.DB_NAME) return undefined;
  const url = new URL('postgresql://localhost');
  url.username = encodeURIComponent(env.DB_USER ?? '');
  url.password = encodeURIComponent(env.DB_PASSWORD ?? '');
  if (env.DB_HOST.startsWith('/')) url.searchParams.set('host', env.DB_HOST);
  else url.hostname = env.DB_HOST.includes(':') ? `[${env.DB_HOST}]` : env.DB_HOST;
  url.port = String(env.DB_PORT);
  url.pathname = encodeURIComponent(env.DB_NAME);
  return readPostgresUrl(url.href);
}
