import { z } from 'zod';
import { CALLER_NAME, CALLER_NAME_RULE } from '../caller-name.js';
import { LOG_LEVELS } from '../observability/log.js';
import {
  absolutePath,
  ALGORITHMS,
  flag,
  isHost,
  isNetwork,
  isOrigin,
  list,
  MINUTE,
  POSTGRES_URL,
  secureUrl,
  separated,
  webAddress,
  wholeNumber,
} from './fields.js';
import { SECRET } from './secret.js';

/**
 * The variables that the floors read, with their defaults. Domains bring their own; docs/configuration.md lists all.
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

  STEWARD_CONFIG: z
    .string()
    .optional()
    .describe(
      'Configuration file (default: `steward.config.json` in the working folder, if there is one). Its `settings` are weaker than all else here',
    ),
  STEWARD_SECRET: SECRET.optional().describe(
    'Seals cursors and questions to people: 32 bytes in base64url; several, separated by commas, while they are changed: the first seals, all open. Without it one is made and kept in `STEWARD_DATA_DIR`',
  ),

  DATABASE_URL: POSTGRES_URL.optional().describe(
    'The database. Without it and without `DB_NAME`, the embedded PostgreSQL is used',
  ),
  DATABASE_DIRECT_URL: POSTGRES_URL.optional().describe(
    'Where `DATABASE_URL` leads to a pooler: the address of the server itself, for migrations, Studio and backups',
  ),
  DATABASE_REPLICA_URL: list('')
    .refine(
      (urls) => urls.every((url) => POSTGRES_URL.safeParse(url).success),
      'must be addresses such as those of DATABASE_URL, separated by commas',
    )
    .transform((urls) => urls.map((url) => POSTGRES_URL.parse(url)))
    .describe('Streaming replicas of that database, for reads'),
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
  POSTGRES_BIN_DIR: absolutePath(
    "Folder of `pg_dump` and `pg_restore`, for backups (default: from the `PATH` and Debian's folders)",
  ),
  STEWARD_DATA_DIR: absolutePath(
    "Folder of the embedded PostgreSQL (default: a `steward` folder among the user's application data)",
  ),

  STEWARD_EMBEDDED_LINGER_MS: wholeNumber(
    { min: 0, max: 60 * MINUTE, default: 10_000 },
    'How long the embedded PostgreSQL stays up after its last connection',
  ),

  READ_ONLY: flag(
    'Serves only what reads, in transactions that cannot write; `read_only` in the configuration file does so for a part. The flag is `--read-only` alone',
  ),

  DB_POOL_MIN: wholeNumber({ min: 0, max: 100, default: 1 }, 'How many connections are kept open when idle'),
  DB_POOL_MAX: wholeNumber({ min: 2, max: 100, default: 4 }, 'How many connections a database has at most'),
  DB_CONNECTIONS_TOTAL: wholeNumber(
    { min: 2, max: 1000, default: 20 },
    'How many connections all databases of a configuration file have at most',
  ),
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
  ).refine(
    (hosts) => hosts.every(isHost),
    'must be host names or addresses without a port, each in full: with * a page of any site could call this server through a browser',
  ),
  ALLOWED_ORIGINS: list('')
    .refine(
      (origins) => origins.every(isOrigin),
      'must be origins such as https://app.example.com or app://name, without a path; * and null are none',
    )
    .transform((origins) => origins.map((origin) => origin.toLowerCase()))
    .describe('Origins whose pages may call it, such as `https://app.example.com` or `chrome-extension://…`'),
  TRUSTED_PROXIES: list(
    'Addresses or networks of proxies whose `X-Forwarded-For` is believed; also `loopback`, `linklocal`, `uniquelocal`',
  ).refine((proxies) => proxies.every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8'),
  AUTH_MODE: z
    .enum(['none', 'token', 'jwt'])
    .default('none')
    .describe(
      'How HTTP callers say who they are: `none` (not at all; loopback only), `token`, `jwt`. See `docs/authentication.md`',
    ),
  AUTH_TOKENS_FILE: absolutePath(
    "File of `steward token` (default: `tokens.json` in a `steward` folder of the user's configuration)",
  ),
  AUTH_ISSUER: secureUrl()
    .refine((url) => !url.includes('?'), 'must not have a query')
    .optional()
    .describe('Issuer of access tokens, exactly as their `iss` has it'),
  AUTH_JWKS_URL: secureUrl().optional().describe("Where that issuer's public keys are"),
  AUTH_AUDIENCE: list('Audiences of which access tokens must name one in `aud` (default: `PUBLIC_URL`)'),
  AUTH_CLIENT_IDS: list(
    'Clients (`client_id`) whose access tokens are taken without an `aud`, as Cognito issues them; without this, none is',
  ),
  AUTH_SCOPE_PREFIX: z
    .string()
    .regex(/^[!#-[\]-~]*$/, 'must be visible ASCII without spaces, quotes and backslashes')
    .default('')
    .describe(
      'What the provider puts before a scope where a client asks for it, such as `api://steward/`; tokens may have it or not',
    ),
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
  MAX_CONNECTIONS: wholeNumber(
    { min: 1, max: 1_000_000, default: 800 },
    'How many HTTP connections are open at once; beyond that, one of a client that is not known yet is cut',
  ),
  MAX_CALLS_IN_FLIGHT: wholeNumber(
    { min: 1, max: 100_000, default: 200 },
    'How many HTTP requests are worked on at once; as many wait for up to a second, more are refused',
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
    .regex(CALLER_NAME, CALLER_NAME_RULE)
    .optional()
    .describe(
      'Name in logs and audit rows of the caller over stdio, or over HTTP with `AUTH_MODE=none` (default: the local user)',
    ),
  RATE_LIMIT_PER_MINUTE: wholeNumber(
    { min: 1, max: 1_000_000_000, default: 100 },
    'How many calls a caller may make in a minute; over HTTP, and five times as many requests of any kind',
  ),
  CALL_DEADLINE_MS: wholeNumber(
    { min: 500, max: 50_000, default: 10_000 },
    'Longest wait of a caller; then the answer is TIMEOUT',
  ),
});

export type Environment = z.output<typeof ENVIRONMENT>;
