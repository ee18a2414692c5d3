import net from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { LOG_LEVELS } from './log.js';
import { isLoopback } from './loopback.js';

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

/** An address, a network in CIDR notation, or a name that the library for proxies has for one. */
function isNetwork(text: string): boolean {
  if (/^(loopback|linklocal|uniquelocal)$/.test(text)) return true;
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = net.isIP(address);
  return version !== 0 && Number(bits ?? 0) <= (version === 4 ? 32 : 128);
}

/** Values separated by commas. */
const list = (description: string) => z.string().default('').transform(separated).describe(description);

function separated(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** What decides who may do what must not be changed on its way: https, but for what stays on this machine. */
const secureUrl = () =>
  z.string().refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, username, password, hash } = new URL(text);
    const secure = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
    return secure && username + password + hash === '';
  }, 'must be an https:// URL (http:// on a loopback address only), without user, password or fragment');

/** Signatures that are checked with a public key; with the others, whoever can check could also sign (RFC 8725, section 3.1). */
const ALGORITHMS = 'RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA,Ed25519'.split(',');

const webAddress = (description: string) =>
  z
    .string()
    .regex(/^https?:\/\//, 'must start with http:// or https://')
    .refine((url) => URL.canParse(url), 'is not a valid URL')
    .optional()
    .describe(description);

const POSTGRES_URL = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://')
  .refine(
    (url) => URL.canParse(url),
    'is not a valid URL (percent-encode special characters in the password)',
  )
  .refine(
    (url) => !URL.canParse(url) || (new URL(url).searchParams.get('schema') ?? 'public') === 'public',
    'must not name a schema: Steward works in the schema public',
  );

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

  DATABASE_URL: POSTGRES_URL.optional().describe(
    'The database. Without it and without `DB_NAME`, the embedded PostgreSQL is used',
  ),
  DATABASE_REPLICA_URL: list('Streaming replicas of that database, for reads').refine(
    (urls) => urls.every((url) => POSTGRES_URL.safeParse(url).success),
    'must be addresses such as those of DATABASE_URL, separated by commas',
  ),
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
  POSTGRES_BIN_DIR: z
    .string()
    .refine((dir) => path.isAbsolute(dir), 'must be an absolute path')
    .optional()
    .describe(
      "Folder of `pg_dump`, `pg_restore` and `psql`, for backups (default: from the `PATH`, `pg_config` or Debian's folders)",
    ),
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

  HTTP_HOST: z.string().default('127.0.0.1').describe('Address that `steward http` listens on'),
  HTTP_PORT: wholeNumber({ min: 0, max: 65_535, default: 3000 }, 'Port it listens on; 0: any that is free'),
  PUBLIC_URL: secureUrl()
    .refine((url) => !url.includes('?'), 'must not have a query')
    .transform((url) => new URL(url).href.replace(/\/$/, ''))
    .optional()
    .describe('URL by which clients call MCP here, such as `https://steward.example.com/mcp`'),
  ALLOWED_HOSTS: list(
    'Names by which HTTP clients call this server, besides those of `PUBLIC_URL` and, on a loopback address, localhost',
  ),
  ALLOWED_ORIGINS: list('Web origins whose pages may call it, such as `https://app.example.com`').refine(
    (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    'must be origins such as https://app.example.com, without a path',
  ),
  TRUSTED_PROXIES: list(
    'Addresses or networks of proxies whose `X-Forwarded-For` is believed; also `loopback`, `linklocal`, `uniquelocal`',
  ).refine((proxies) => proxies.every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8'),
  AUTH_MODE: z
    .enum(['none', 'token', 'jwt'])
    .default('none')
    .describe(
      'How HTTP callers say who they are: `none` (not at all; loopback only), `token`, `jwt`. See `docs/authentication.md`',
    ),
  AUTH_TOKENS_FILE: z
    .string()
    .refine((file) => path.isAbsolute(file), 'must be an absolute path')
    .optional()
    .describe(
      "File of `steward token` (default: `tokens.json` in a `steward` folder of the user's configuration)",
    ),
  AUTH_ISSUER: secureUrl()
    .refine((url) => !url.includes('?'), 'must not have a query')
    .optional()
    .describe('Issuer of access tokens, exactly as their `iss` has it'),
  AUTH_JWKS_URL: secureUrl().optional().describe("Where that issuer's public keys are"),
  AUTH_AUDIENCE: z
    .string()
    .optional()
    .describe('Audience that access tokens must name in `aud` (default: `PUBLIC_URL`)'),
  AUTH_ALGORITHMS: z
    .string()
    .transform(separated)
    .refine(
      (names) => names.length > 0 && names.every((name) => ALGORITHMS.includes(name)),
      `must hold some of ${ALGORITHMS.join(', ')}`,
    )
    .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .describe('Algorithms that access tokens may be signed with'),
  AUTH_CALLER_CLAIM: z
    .string()
    .default('sub')
    .describe(
      'Claim of access tokens that names the caller in audit rows; one that callers cannot choose for themselves',
    ),
  MAX_BODY_BYTES: wholeNumber(
    { min: 1024, max: 64 * 1024 * 1024, default: 1024 * 1024 },
    'Largest HTTP request',
  ),
  MAX_CALLS_IN_FLIGHT: wholeNumber(
    { min: 1, max: 100_000, default: 200 },
    'How many HTTP requests are worked on at once; more are refused',
  ),
  MAX_CALLS_IN_FLIGHT_PER_CALLER: wholeNumber(
    { min: 1, max: 100_000, default: 20 },
    'How many of them may be of one caller',
  ),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')
    .refine((url) => URL.canParse(url), 'is not a valid URL')
    .optional()
    .describe('Where several HTTP processes count calls together; without it each counts for itself'),
  RATE_LIMIT_WITHOUT_REDIS: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('While Redis is gone: `open`, each process counts for itself; `closed`, calls are refused'),
  METRICS_TOKEN: z
    .string()
    .min(16, 'must be at least 16 characters long')
    .optional()
    .describe('Bearer token for `/metrics`; without it there are no metrics'),
  SHUTDOWN_GRACE_MS: wholeNumber(
    { min: 0, max: 5 * MINUTE, default: 15_000 },
    'How long calls under way may go on when the HTTP server is told to stop',
  ),

  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress(
    'OpenTelemetry collector that traces are sent to, over OTLP/HTTP; without it and the next there are none',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: webAddress(
    'The same as a whole URL, instead of the one before with `/v1/traces`',
  ),

  STEWARD_CALLER: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'must be at most 100 characters long')
    .optional()
    .describe(
      'Name in logs and audit rows of the caller over stdio, or over HTTP with `AUTH_MODE=none` (default: the local user)',
    ),
  RATE_LIMIT_PER_MINUTE: wholeNumber(
    { min: 1, max: 1_000_000_000, default: 100 },
    'How many calls a caller may make in a minute',
  ),
  CALL_DEADLINE_MS: wholeNumber(
    { min: 500, max: 50_000, default: 10_000 },
    'Longest wait of a caller; then the answer is TIMEOUT',
  ),
  CACHE_TTL_MS: wholeNumber(
    { min: 0, max: 24 * 60 * MINUTE, default: 5 * MINUTE },
    'How long names and ids of departments are cached for reads, which may lag a rename by that; 0: they are not',
  ),
});

export type Environment = z.output<typeof ENVIRONMENT>;
