import { StewardError, type ErrorCode } from '../errors.js';
import { UnusableDatabaseError } from './check.js';

/** SQLSTATE (PostgreSQL manual, error codes). */
export const INSUFFICIENT_PRIVILEGE = '42501';

interface Meaning {
  code: ErrorCode;
  message: string;
  /** The codes, or a part of the message of an error that has none. */
  of: RegExp[];
  /** No statement would be answered now. */
  outage?: true;
}

const UNIQUE_VIOLATION = 'P2002';
const FOREIGN_KEY_VIOLATION = 'P2003';
const QUERY_CANCELED = '57014';
/** Our code for a statement that row policies would narrow. PostgreSQL has that of a missing right for it. */
export const POLICIES_HIDE_ROWS = 'RLS01';

const NOT_SET_UP: Meaning = {
  code: 'DATABASE_UNAVAILABLE',
  message:
    'The database is not set up for this server. The operator should run `steward doctor`, which says what to do.',
  of: [/^42(P01|703|704|883)$/],
};

/**
 * The first that matches counts. The codes are PostgreSQL's (PostgreSQL manual, appendix A), Prisma Client's (Prisma error
 * reference) and the system's; errors of the driver adapter have a kind. The messages are those of the pg client and its
 * pool. A commit may have succeeded although its confirmation was lost, so not every meaning denies a change. What is not
 * here is a mistake of Steward's own, such as a statement in a transaction that has failed (25P02).
 */
const MEANINGS: Meaning[] = [
  {
    code: 'TIMEOUT',
    message:
      'The database took too long, so the call was stopped. Try again or ask for less; if this was a change, check first whether it was made.',
    of: [/^(57014|25P0[34])$/, /^P(1008|2024|2028)$/, /query read timeout/i],
  },
  {
    code: 'TIMEOUT',
    message: 'All database connections are busy. Nothing was changed. Try again in a few seconds.',
    of: [/timeout exceeded when trying to connect/i],
  },
  {
    code: 'TIMEOUT',
    message: 'Another client is changing the same record. Nothing was changed. Try again in a few seconds.',
    of: [/^55P03$/],
  },
  {
    code: 'TIMEOUT',
    message: 'This needs more room than the database gives to one call. Nothing was changed. Ask for less.',
    of: [/^(53400|54...)$/],
  },
  NOT_SET_UP,
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      "The database does not let this server do that: its role lacks a right. Nothing was changed. Tell the operator, whose log names what it is about, and who finds the right's grant with `steward doctor`.",
    of: [/^42501$/],
  },
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      'Row level security hides rows of a table from this server, so it gives no answer that would look complete. Tell the operator, who finds the table and what to do with `steward doctor`.',
    of: [new RegExp(`^${POLICIES_HIDE_ROWS}$`)],
  },
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      'The database takes no changes at the moment; it is read-only. Nothing was changed, and reading works. Try again later, or tell the operator.',
    of: [/^25006$/],
  },
  {
    code: 'CONFLICT',
    message: 'Another client changed the same record. Nothing was changed. Try again.',
    of: [/^(40001|40P01|P2034)$/],
  },
  {
    code: 'CONFLICT',
    message: 'Another record has one of these values already. Nothing was changed.',
    of: [/^(23505|23P01)$/],
  },
  {
    code: 'CONFLICT',
    message:
      'Another record that this one refers to, or that refers to it, stands against it. Nothing was changed.',
    of: [/^(23503|23001)$/],
  },
  {
    code: 'VALIDATION',
    message: 'The database has a rule that these values break. Nothing was changed.',
    of: [/^23...$/],
  },
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      'The database has no number left for a new record, because a sequence has reached its end. Nothing was changed, and reading works. Tell the operator.',
    of: [/^2200H$/],
  },
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      'The database has no room left on its disk. Nothing was changed, and reading may still work. Tell the operator, who has to make room; then try again.',
    of: [/^53100$/],
  },
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      'The database has too much to do at the moment. Nothing was changed. Try again in a few seconds.',
    of: [/^53...$/, /^(P2037|TooManyConnections)$/],
    outage: true,
  },
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      'The database does not let this server in. Nothing was changed. Tell the operator, who finds out why with `steward doctor`.',
    of: [
      /^(28...|3D000|57P04)$/,
      /^(AuthenticationFailed|DatabaseAccessDenied|DatabaseDoesNotExist)$/,
      // The client's own words where it lacks what the server asks for.
      /^SASL\b/,
    ],
    outage: true,
  },
  {
    code: 'DATABASE_UNAVAILABLE',
    message:
      'The database cannot be reached at the moment. Try again in a few seconds; if this was a change, check first whether it was made.',
    of: [
      /^(08...|57...|58...)$/,
      /^P(1001|1002|1017)$/,
      /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|ENOENT|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EACCES)$/,
      /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TlsConnectionError)$/,
      /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO)/,
      /does not support SSL|establishing an SSL connection/,
      /connection (terminated|timeout|error)|not queryable|client was closed|pool after calling end/i,
    ],
    outage: true,
  },
  {
    code: 'VALIDATION',
    message: 'A text is longer than the database takes. Nothing was changed. Shorten it.',
    of: [/^22001$/],
  },
  {
    code: 'VALIDATION',
    message: 'A number or a time is out of range for the database. Nothing was changed.',
    of: [/^220(03|07|08|15)$/],
  },
  {
    code: 'VALIDATION',
    message: 'The database refused a value. Use plain text without control characters.',
    of: [/^(22021|22P05)$/],
  },
  {
    code: 'VALIDATION',
    message: 'The database refused a value: it does not fit where it was to go. Nothing was changed.',
    of: [/^22...$/],
  },
];

/** What an established connection ends with, wherever it broke. */
const LOST_CONNECTION = [
  /^(08...|57P0[125])$/,
  /^(ECONN(RESET|ABORTED)|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)$/,
  /connection (terminated|error)|not queryable|client was closed/i,
];

/** Translates a failure of the database into the caller's terms. @returns undefined for any other error */
export function translateDatabaseError(thrown: unknown): StewardError | undefined {
  const unusable = innermostFirst(thrown).some((error) => error instanceof UnusableDatabaseError);
  const meaning = unusable ? NOT_SET_UP : meaningOf(thrown);
  return meaning && new StewardError(meaning.code, meaning.message, { cause: thrown });
}

/** True if no statement would be answered now. */
export function isOutage(thrown: unknown): boolean {
  return meaningOf(thrown)?.outage === true;
}

/** True if a connection ended that was established. */
export function isLostConnection(thrown: unknown): boolean {
  return signsOf(thrown).some((sign) => LOST_CONNECTION.some((pattern) => pattern.test(sign)));
}

/** What tells of which kind an error is, the most precise first. */
function signsOf(thrown: unknown): string[] {
  return innermostFirst(thrown)
    .flatMap((error) => ['originalCode', 'code', 'kind', 'message'].map((key) => error[key]))
    .filter((sign) => typeof sign === 'string');
}

function meaningOf(thrown: unknown): Meaning | undefined {
  return signsOf(thrown)
    .map((key) => MEANINGS.find(({ of }) => of.some((pattern) => pattern.test(key))))
    .find((meaning) => meaning !== undefined);
}

/** The name of the unique index that refused a write; undefined for any other error. */
export function violatedUniqueIndex(thrown: unknown): string | undefined {
  if (Object(thrown).code !== UNIQUE_VIOLATION) return undefined;
  // An error of a driver adapter has no `meta.target`, contrary to Prisma's documentation.
  for (const error of innermostFirst(thrown)) {
    const constraint = error['constraint'] as { index?: string } | undefined;
    if (constraint?.index) return constraint.index;
  }
  return undefined;
}

/** PostgreSQL's own code of a failure (SQLSTATE); undefined for any other error. */
export function databaseCode(thrown: unknown): string | undefined {
  const codes = innermostFirst(thrown).flatMap((error) => [error['originalCode'], error['code']]);
  return codes.find((code): code is string => typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code));
}

/** True if a write was refused because it refers to a row that does not exist. */
export function violatesForeignKey(thrown: unknown): boolean {
  return Object(thrown).code === FOREIGN_KEY_VIOLATION;
}

/** True if the server cancelled a statement. One that ran too long would do so on any server. */
export function ranTooLong(thrown: unknown): boolean {
  return innermostFirst(thrown).some(
    (error) => error['originalCode'] === QUERY_CANCELED || error['code'] === QUERY_CANCELED,
  );
}

/** The error and those it wraps, innermost first: a driver's code is more precise than Prisma's. */
function innermostFirst(thrown: unknown): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (let at = thrown; typeof at === 'object' && at !== null && found.length < 8; at = unwrap(at)) {
    found.unshift(at as Record<string, unknown>);
  }
  return found;
}

function unwrap(error: object): unknown {
  if ('cause' in error && error.cause !== undefined) return error.cause;
  return 'meta' in error
    ? (error.meta as Record<string, unknown> | undefined)?.['driverAdapterError']
    : undefined;
}
