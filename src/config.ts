import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import dotenv from 'dotenv';
import envPaths from 'env-paths';
import { z } from 'zod';
import { LOG_LEVELS } from './log.js';

/** The folder that holds package.json, the `.env.*` files and `prisma/`. */
export const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Raised with every problem of the environment at once; the message is made for the person who has to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const whole = (unit: string, range: { min: number; max: number; default: number }, description: string) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(range.min).max(range.max))
    .default(range.default)
    .meta({ description, unit });

const MINUTE = 60_000;

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
    .optional()
    .describe('The database. Without it and without `DB_NAME`, the embedded PostgreSQL is used'),
  DB_HOST: z.string().default('localhost').describe('Used with `DB_NAME` when there is no `DATABASE_URL`'),
  DB_PORT: whole('', { min: 1, max: 65_535, default: 5432 }, 'As above'),
  DB_NAME: z.string().optional().describe('As above'),
  DB_USER: z.string().optional().describe('As above'),
  DB_PASSWORD: z.string().optional().describe('As above'),
  STEWARD_DATA_DIR: z
    .string()
    .refine((dir) => path.isAbsolute(dir), 'must be an absolute path')
    .optional()
    .describe(
      "Folder of the embedded PostgreSQL (default: a `steward` folder among the user's application data)",
    ),

  DB_POOL_MIN: whole('', { min: 0, max: 100, default: 1 }, 'Connections kept open when idle'),
  DB_POOL_MAX: whole('', { min: 2, max: 100, default: 4 }, 'Connections at most'),
  DB_ACQUIRE_TIMEOUT_MS: whole(
    'ms',
    { min: 100, max: MINUTE, default: 3000 },
    'Longest wait for a free connection',
  ),
  DB_IDLE_TIMEOUT_MS: whole(
    'ms',
    { min: 1000, max: 60 * MINUTE, default: 30_000 },
    'An idle connection is closed after',
  ),
  DB_CONNECTION_LIFETIME_MS: whole(
    'ms',
    { min: 1000, max: 24 * 60 * MINUTE, default: 30 * MINUTE },
    'A connection is replaced after',
  ),
  DB_STATEMENT_TIMEOUT_MS: whole(
    'ms',
    { min: 100, max: MINUTE, default: 6000 },
    'PostgreSQL ends a statement after',
  ),
  DB_LOCK_TIMEOUT_MS: whole(
    'ms',
    { min: 100, max: MINUTE, default: 3000 },
    'PostgreSQL stops waiting for a lock after',
  ),
  DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: whole(
    'ms',
    { min: 100, max: MINUTE, default: 6000 },
    'PostgreSQL ends a transaction that idles for',
  ),

  STEWARD_CALLER: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .describe('Name of the stdio caller in logs and audit rows (default: the local user)'),
  RATE_LIMIT_PER_MINUTE: whole(
    '',
    { min: 1, max: 1_000_000_000, default: 100 },
    'Calls a caller may make in a minute',
  ),
  CALL_DEADLINE_MS: whole(
    'ms',
    { min: 500, max: 50_000, default: 10_000 },
    'A call is answered with TIMEOUT after',
  ),
  DEPARTMENTS_CACHE_TTL_MS: whole(
    'ms',
    { min: 0, max: 24 * 60 * MINUTE, default: 5 * MINUTE },
    'Departments are read again after; 0 reads them each time',
  ),
});

type Environment = z.output<typeof ENVIRONMENT>;

export interface DatabaseConfig {
  /** A server's URL; absent, the embedded PostgreSQL in `dataDir` is used. */
  url: string | undefined;
  dataDir: string;
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
 * @throws ConfigError naming every problem at once, with secrets masked.
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = ENVIRONMENT.safeParse(withEnvFiles(environment));
  if (!parsed.success) throw new ConfigError(describeProblems(parsed.error));
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw new ConfigError(listProblems(problems));
  return toConfig(parsed.data);
}

/** Empty variables count as absent, as they do in a shell's `${VAR:-default}`. */
function withEnvFiles(environment: NodeJS.ProcessEnv): Record<string, string> {
  const real = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const name = real['NODE_ENV'] ?? 'development';
  const files = (name === 'test' ? [] : ['.env.local']).concat(`.env.${path.basename(name)}`);
  const merged: Record<string, string> = {};
  dotenv.config({
    path: files.map((file) => path.join(PROJECT_ROOT, file)),
    processEnv: merged,
    quiet: true,
  });
  return { ...merged, ...real } as Record<string, string>;
}

function contradictions(env: Environment): string[] {
  const problems: string[] = [];
  if (env.DB_POOL_MIN > env.DB_POOL_MAX) problems.push('DB_POOL_MIN must not be greater than DB_POOL_MAX');
  for (const name of ['DB_ACQUIRE_TIMEOUT_MS', 'DB_STATEMENT_TIMEOUT_MS', 'DB_LOCK_TIMEOUT_MS'] as const) {
    if (env[name] >= env.CALL_DEADLINE_MS)
      problems.push(`${name} must be less than CALL_DEADLINE_MS (${env.CALL_DEADLINE_MS})`);
  }
  if (!env.DATABASE_URL && !env.DB_NAME && (env.DB_USER || env.DB_PASSWORD)) {
    problems.push('DB_USER and DB_PASSWORD are of no use without DB_NAME');
  }
  return problems;
}

function describeProblems(error: z.ZodError): string {
  return listProblems(error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
}

/** Values are never repeated: a mistyped DATABASE_URL still holds its password. */
function listProblems(problems: string[]): string {
  return `The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nSee the configuration table in README.md.`;
}

function toConfig(env: Environment): Config {
  return {
    environment: env.NODE_ENV,
    logLevel: env.LOG_LEVEL,
    database: {
      url: env.DATABASE_URL ?? urlFromParts(env),
      dataDir: env.STEWARD_DATA_DIR ?? path.join(envPaths('steward', { suffix: '' }).data, 'postgres'),
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
    callerName: env.STEWARD_CALLER ?? os.userInfo().username,
    rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    callDeadlineMs: env.CALL_DEADLINE_MS,
    departmentsTtlMs: env.DEPARTMENTS_CACHE_TTL_MS,
  };
}

function urlFromParts(env: Environment): string | undefined {
  if (!env.DB_NAME) return undefined;
  const url = new URL('postgresql://localhost');
  url.username = encodeURIComponent(env.DB_USER ?? '');
  url.password = encodeURIComponent(env.DB_PASSWORD ?? '');
  if (env.DB_HOST.startsWith('/')) url.searchParams.set('host', env.DB_HOST);
  else url.hostname = env.DB_HOST;
  url.port = String(env.DB_PORT);
  url.pathname = encodeURIComponent(env.DB_NAME);
  return url.href;
}
