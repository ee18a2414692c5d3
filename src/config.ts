import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import dotenv from 'dotenv';
import envPaths from 'env-paths';
import { z } from 'zod';
import { LOG_LEVELS } from './log.js';

/** The folder that holds package.json, the `.env.*` files and `prisma/`. */
export const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Raised with every problem of the environment at once; the message is made for the person who has to fix it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const MINUTE = 60_000;

interface Range {
  min: number;
  max: number;
  default: number;
}

/** A whole number, in milliseconds where its variable's name ends in `_MS`. */
const wholeNumber = (range: Range, description: string) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(
      z
        .number()
        .min(range.min, `must be at least ${range.min}`)
        .max(range.max, `must be at most ${range.max}`),
    )
    .default(range.default)
    .describe(description);

/**
 * Every variable Steward reads, with its default. The README's configuration table is generated from this object.
 */
export const ENVIRONMENT = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('Chooses `.env.development`, `.env.test` or `.env.production`'),
  LOG_LEVEL: z
    .enum([...LOG_LEVELS, 'silent'])
    .default('info')
    .describe('Least serious level that is logged, on stderr'),

  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://')
    .refine(
      (url) => URL.canParse(url),
      'is not a valid URL (percent-encode special characters in the password)',
    )
    .refine(
      (url) => !URL.canParse(url) || (new URL(url).searchParams.get('schema') ?? 'public') === 'public',
      'must not name a schema: Steward works in the schema public',
    )
    .optional()
    .describe('The database. Without it and without `DB_NAME`, the embedded PostgreSQL is used'),
  DB_HOST: z
    .string()
    .regex(
      /^(\/.*|[A-Za-z0-9._-]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$/,
      'must be a host name, an address or an absolute folder, without a port',
    )
    .default('localhost')
    .describe('Server of `DB_NAME`, where there is no `DATABASE_URL`; a folder for a Unix socket'),
  DB_PORT: wholeNumber({ min: 1, max: 65_535, default: 5432 }, 'Port of that server'),
  DB_NAME: z.string().optional().describe('Database on that server'),
  DB_USER: z.string().optional().describe('User of that server'),
  DB_PASSWORD: z.string().optional().describe('Password of that user'),
  STEWARD_DATA_DIR: z
    .string()
    .refine((dir) => path.isAbsolute(dir), 'must be an absolute path')
    .optional()
    .describe(
      "Folder of the embedded PostgreSQL (default: a `steward` folder among the user's application data)",
    ),

  STEWARD_EMBEDDED_LINGER_MS: wholeNumber(
    { min: 0, max: 60 * MINUTE, default: 10_000 },
    'How long the embedded PostgreSQL stays up after its last connection',
  ),

  DB_POOL_MIN: wholeNumber({ min: 0, max: 100, default: 1 }, 'How many connections are kept open when idle'),
  DB_POOL_MAX: wholeNumber({ min: 2, max: 100, default: 4 }, 'How many connections there are at most'),
  DB_ACQUIRE_TIMEOUT_MS: wholeNumber(
    { min: 100, max: MINUTE, default: 3000 },
    'Longest wait for a connection',
  ),
  DB_IDLE_TIMEOUT_MS: wholeNumber(
    { min: 1000, max: 60 * MINUTE, default: 30_000 },
    'How long a connection may idle before it is closed',
  ),
  DB_CONNECTION_LIFETIME_MS: wholeNumber(
    { min: 1000, max: 24 * 60 * MINUTE, default: 30 * MINUTE },
    'Longest life of a connection',
  ),
  DB_STATEMENT_TIMEOUT_MS: wholeNumber(
    { min: 100, max: MINUTE, default: 6000 },
    'Longest run of a statement; PostgreSQL ends it then',
  ),
  DB_LOCK_TIMEOUT_MS: wholeNumber(
    { min: 100, max: MINUTE, default: 3000 },
    'Longest wait of a statement for a lock',
  ),
  DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: wholeNumber(
    { min: 100, max: MINUTE, default: 6000 },
    'How long a transaction may idle before PostgreSQL ends it',
  ),

  STEWARD_CALLER: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'must be at most 100 characters long')
    .optional()
    .describe('Name of the stdio caller in logs and audit rows (default: the local user)'),
  RATE_LIMIT_PER_MINUTE: wholeNumber(
    { min: 1, max: 1_000_000_000, default: 100 },
    'How many calls a caller may make in a minute',
  ),
  CALL_DEADLINE_MS: wholeNumber(
    { min: 500, max: 50_000, default: 10_000 },
    'Longest wait of a caller; then the answer is TIMEOUT',
  ),
  DEPARTMENTS_CACHE_TTL_MS: wholeNumber(
    { min: 0, max: 24 * 60 * MINUTE, default: 5 * MINUTE },
    'How long departments are served from the cache; 0: they are read each time',
  ),
});

type Environment = z.output<typeof ENVIRONMENT>;

export interface DatabaseConfig {
  /** A server's URL; absent, the embedded PostgreSQL is used. */
  url: string | undefined;
  embedded: { dataDir: string; lingerMs: number };
  pool: { min: number; max: number; acquireTimeoutMs: number; idleTimeoutMs: number; lifetimeMs: number };
  session: { statementTimeoutMs: number; lockTimeoutMs: number; idleInTransactionTimeoutMs: number };
}

export interface Config {
  environment: Environment['NODE_ENV'];
  logLevel: Environment['LOG_LEVEL'];
  database: DatabaseConfig;
  callerName: string;
  rateLimitPerMinute: number;
  callDeadlineMs: number;
  departmentsTtlMs: number;
}

/**
 * Reads the configuration: the real environment first, then `.env.local` (not in tests), then `.env.<NODE_ENV>`.
 * @throws ConfigError naming every problem at once; values are never repeated, as they may hold a password
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const variables = withEnvFiles(environment);
  const parsed = ENVIRONMENT.safeParse(variables);
  if (parsed.success) {
    const problems = contradictions(parsed.data);
    if (problems.length > 0) throw unusable(problems);
    return toConfig(parsed.data);
  }
  const wrong = new Set(parsed.error.issues.map((issue) => issue.path[0]));
  const rest = Object.fromEntries(Object.entries(variables).filter(([name]) => !wrong.has(name)));
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  throw unusable([...problems, ...contradictions(ENVIRONMENT.parse(rest))]);
}

/** Empty variables count as absent, as they do in a shell's `${VAR:-default}`. */
function withEnvFiles(environment: NodeJS.ProcessEnv): Record<string, string> {
  const real = withoutEmpty(environment);
  const name = real['NODE_ENV'] ?? 'development';
  const files = (name === 'test' ? [] : ['.env.local']).concat(`.env.${path.basename(name)}`);
  const merged: Record<string, string> = {};
  dotenv.config({
    path: files.map((file) => path.join(PROJECT_ROOT, file)),
    processEnv: merged,
    quiet: true,
  });
  return { ...withoutEmpty(merged), ...real };
}

function withoutEmpty(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
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
  return problems;
}

function unusable(problems: string[]): ConfigError {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new ConfigError(
    `The configuration cannot be used:\n${list}\nSee the configuration table in README.md.`,
  );
}

function toConfig(env: Environment): Config {
  return {
    environment: env.NODE_ENV,
    logLevel: env.LOG_LEVEL,
    database: {
      url: env.DATABASE_URL ?? urlFromParts(env),
      embedded: {
        dataDir: env.STEWARD_DATA_DIR ?? path.join(envPaths('steward', { suffix: '' }).data, 'postgres'),
        lingerMs: env.STEWARD_EMBEDDED_LINGER_MS,
      },
      pool: {
        min: env.DB_POOL_MIN,
        max: env.DB_POOL_MAX,
        acquireTimeoutMs: env.DB_ACQUIRE_TIMEOUT_MS,
        idleTimeoutMs: env.DB_IDLE_TIMEOUT_MS,
        lifetimeMs: env.DB_CONNECTION_LIFETIME_MS,
      },
      session: {
        statementTimeoutMs: env.DB_STATEMENT_TIMEOUT_MS,
        lockTimeoutMs: env.DB_LOCK_TIMEOUT_MS,
        idleInTransactionTimeoutMs: env.DB_IDLE_IN_TRANSACTION_TIMEOUT_MS,
      },
    },
    callerName: env.STEWARD_CALLER ?? localUser(),
    rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    callDeadlineMs: env.CALL_DEADLINE_MS,
    departmentsTtlMs: env.DEPARTMENTS_CACHE_TTL_MS,
  };
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
