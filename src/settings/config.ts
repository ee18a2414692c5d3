import os from 'node:os';
import path from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';
import { AUTHENTICATION_SETTINGS, toAuthentication, type AuthenticationConfig } from './authentication.js';
import { ENVIRONMENT, type Environment } from './environment.js';
import { readSources, type Found } from './sources.js';
import { OperatorError } from '../errors.js';

export interface DatabaseConfig {
  /** A server's URL; absent, the embedded PostgreSQL is used. */
  url: string | undefined;
  /** Servers that follow that one, for reads. */
  replicaUrls: string[];
  embedded: { dataDir: string; lingerMs: number };
  /** The folder of pg_dump and pg_restore, if configured. */
  binDir: string | undefined;
  session: SessionConfig;
}

/** Milliseconds. */
export interface SessionConfig {
  pool: { min: number; max: number; acquireTimeoutMs: number; idleTimeoutMs: number; lifetimeMs: number };
  statementTimeoutMs: number;
  lockTimeoutMs: number;
  idleInTransactionTimeoutMs: number;
}

export interface HttpConfig {
  host: string;
  port: number;
  /** By which clients call the MCP endpoint. */
  publicUrl: string | undefined;
  allowedHosts: string[];
  allowedOrigins: string[];
  trustedProxies: string[];
  largestBodyBytes: number;
  inFlight: { total: number; perCaller: number };
  redisUrl: string | undefined;
  withoutRedis: Environment['RATE_LIMIT_WITHOUT_REDIS'];
  metricsToken: string | undefined;
  shutdownGraceMs: number;
}

export interface Config {
  environment: Environment['NODE_ENV'];
  logLevel: Environment['LOG_LEVEL'];
  database: DatabaseConfig;
  http: HttpConfig;
  tokensFile: string;
  callerName: string;
  rateLimitPerMinute: number;
  callDeadlineMs: number;
  /** The destination of traces; absent, there are none. */
  tracesUrl: string | undefined;
  /** In base64url, the first of them seals; undefined: one is made. */
  secrets: string[] | undefined;
  /** The files that settings were read from. */
  files: readonly string[];
  /** Every variable as text, checked, for the domains to read theirs from. */
  variables: Readonly<Record<string, string>>;
}

/** The sources of settings, and the settings of the domains. */
export interface Sources {
  /** Instead of this process's own. */
  environment?: NodeJS.ProcessEnv;
  /** Of all domains, by variable. */
  domainSettings: z.ZodRawShape;
}

/**
 * Reads the settings.
 * @throws OperatorError naming every problem at once; values are never repeated, as they may hold a password
 */
export function loadConfig(sources: Sources): Config {
  return toConfig(read(sources));
}

/**
 * As loadConfig, with what only the HTTP server needs to be right.
 * @throws OperatorError
 */
export function loadHttpConfig(sources: Sources): Config & { authentication: AuthenticationConfig } {
  const checked = read(sources, (env) => [
    ...(AUTHENTICATION_SETTINGS.safeParse(env).error?.issues ?? []),
    ...sharedSecret(env),
  ]);
  return {
    ...toConfig(checked),
    authentication: toAuthentication(AUTHENTICATION_SETTINGS.parse(checked.env)),
  };
}

/** Conflicts between variables that are each valid. */
type FurtherCheck = (env: Environment) => Issue[];

interface Issue {
  path: PropertyKey[];
  message: string;
}

interface Checked {
  env: Environment;
  found: Found;
}

function read(
  { environment = process.env, domainSettings }: Sources,
  furtherCheck: FurtherCheck = () => [],
): Checked {
  const found = readSources(environment);
  const { variables } = found;
  const known = ENVIRONMENT.extend(domainSettings);
  const unknown = found.named.filter((name) => !Object.hasOwn(known.shape, name));
  const issues: Issue[] = [
    ...unknown.map((name) => ({
      path: [name],
      message: 'is no setting of Steward, but stands in the configuration file',
    })),
    ...(known.safeParse(variables).error?.issues ?? []),
  ];
  const wrong = new Set(issues.map((issue) => issue.path[0]));
  const rest = Object.fromEntries(Object.entries(variables).filter(([name]) => !wrong.has(name)));
  const env = ENVIRONMENT.parse(rest);
  // Without a valid mode its needs are unknown, and errors of single variables are already reported.
  const further = wrong.has('AUTH_MODE') ? [] : furtherCheck(env);
  const reported = [...issues, ...further.filter((issue) => !wrong.has(issue.path[0]))];
  const problems = [...reported.map(describeIssue), ...contradictions(env)];
  if (problems.length > 0) throw unusable(problems);
  return { env, found };
}

/** Processes that serve the same callers must open what the others sealed. */
function sharedSecret({ STEWARD_SECRET: secret, REDIS_URL: redis, PUBLIC_URL: url }: Environment): Issue[] {
  if (secret !== undefined || (redis === undefined && url === undefined)) return [];
  const reason = redis === undefined ? 'PUBLIC_URL' : 'REDIS_URL';
  return [
    {
      path: ['STEWARD_SECRET'],
      message: `must be set where ${reason} is: all processes behind it have to share it. Make one with: openssl rand -base64 32 | tr +/ -_ | tr -d =`,
    },
  ];
}

function describeIssue({ path: at, message }: Issue): string {
  return `${at.join('.')} ${message}`;
}

function contradictions(env: Environment): string[] {
  const problems: string[] = [];
  if (env.DB_POOL_MIN > env.DB_POOL_MAX) problems.push('DB_POOL_MIN must not be greater than DB_POOL_MAX');
  for (const name of ['DB_ACQUIRE_TIMEOUT_MS', 'DB_STATEMENT_TIMEOUT_MS', 'DB_LOCK_TIMEOUT_MS'] as const) {
    if (env[name] >= env.CALL_DEADLINE_MS) problems.push(`${name} must be less than CALL_DEADLINE_MS`);
  }
  if (!env.DATABASE_URL && !env.DB_NAME && (env.DB_USER || env.DB_PASSWORD)) {
    problems.push('DB_USER and DB_PASSWORD are of no use without DB_NAME');
  }
  if (!env.DATABASE_URL && !env.DB_NAME && env.DATABASE_REPLICA_URL.length > 0) {
    problems.push('DATABASE_REPLICA_URL is of no use without DATABASE_URL or DB_NAME');
  }
  return problems;
}

function unusable(problems: string[]): OperatorError {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new OperatorError(
    `The configuration cannot be used:\n${list}\ndocs/configuration.md lists all settings.`,
  );
}

function toConfig({ env, found }: Checked): Config {
  return {
    environment: env.NODE_ENV,
    logLevel: env.LOG_LEVEL,
    database: {
      url: env.DATABASE_URL ?? urlFromParts(env),
      replicaUrls: env.DATABASE_REPLICA_URL,
      embedded: {
        dataDir: env.STEWARD_DATA_DIR ?? path.join(envPaths('steward', { suffix: '' }).data, 'postgres'),
        lingerMs: env.STEWARD_EMBEDDED_LINGER_MS,
      },
      binDir: env.POSTGRES_BIN_DIR,
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
      publicUrl: env.PUBLIC_URL,
      allowedHosts: env.ALLOWED_HOSTS,
      allowedOrigins: env.ALLOWED_ORIGINS,
      trustedProxies: env.TRUSTED_PROXIES,
      largestBodyBytes: env.MAX_BODY_BYTES,
      inFlight: { total: env.MAX_CALLS_IN_FLIGHT, perCaller: env.MAX_CALLS_IN_FLIGHT_PER_CALLER },
      redisUrl: env.REDIS_URL,
      withoutRedis: env.RATE_LIMIT_WITHOUT_REDIS,
      metricsToken: env.METRICS_TOKEN,
      shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    },
    tokensFile: env.AUTH_TOKENS_FILE ?? path.join(envPaths('steward', { suffix: '' }).config, 'tokens.json'),
    callerName: env.STEWARD_CALLER ?? localUser(),
    rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    callDeadlineMs: env.CALL_DEADLINE_MS,
    tracesUrl: env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? tracesUnder(env.OTEL_EXPORTER_OTLP_ENDPOINT),
    secrets: env.STEWARD_SECRET,
    variables: found.variables,
    files: found.files,
  };
}

/** OpenTelemetry specification, protocol/exporter: the path of traces is added to that of the endpoint. */
function tracesUnder(endpoint: string | undefined): string | undefined {
  return endpoint?.replace(/\/*$/, '/v1/traces');
}

/** A user id without an entry in the system's list of users, as containers have, has no name. */
function localUser(): string {
  try {
    return os.userInfo().username;
  } catch {
    return `uid-${process.getuid?.()}`;
  }
}

function urlFromParts(env: Environment): string | undefined {
  if (!env.DB_NAME) return undefined;
  const url = new URL('postgresql://localhost');
  url.username = encodeURIComponent(env.DB_USER ?? '');
  url.password = encodeURIComponent(env.DB_PASSWORD ?? '');
  if (env.DB_HOST.startsWith('/')) url.searchParams.set('host', env.DB_HOST);
  else url.hostname = env.DB_HOST.includes(':') ? `[${env.DB_HOST}]` : env.DB_HOST;
  url.port = String(env.DB_PORT);
  url.pathname = encodeURIComponent(env.DB_NAME);
  return url.href;
}
