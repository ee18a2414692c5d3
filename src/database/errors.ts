import { StewardError, type ErrorCode } from '../errors.js';
import { UnusableDatabaseError } from './check.js';

type Meaning = [code: ErrorCode, message: string];

// A commit may have succeeded although its confirmation was lost, so UNAVAILABLE and TOO_SLOW do not deny a change.
const UNAVAILABLE: Meaning = [
  'DATABASE_UNAVAILABLE',
  'The database cannot be reached at the moment. Try again in a few seconds; if this was a change, check first whether it was made.',
];
const TOO_SLOW: Meaning = [
  'TIMEOUT',
  'The database took too long, so the call was stopped. Try again or ask for less; if this was a change, check first whether it was made.',
];
const BUSY: Meaning = [
  'TIMEOUT',
  'All database connections are busy. Nothing was changed. Try again in a few seconds.',
];
const LOCKED: Meaning = [
  'TIMEOUT',
  'Another client is changing the same record. Nothing was changed. Try again in a few seconds.',
];
const CLASHED: Meaning = [
  'CONFLICT',
  'Another client changed the same record. Nothing was changed. Try again.',
];
const NO_ROOM: Meaning = [
  'DATABASE_UNAVAILABLE',
  'The database has no room left on its disk. Nothing was changed, and reading may still work. Tell the operator, who has to make room; then try again.',
];
const REFUSED: Meaning = [
  'VALIDATION',
  'The database refused a value. Use plain text without control characters.',
];

const NOT_SET_UP: Meaning = [
  'DATABASE_UNAVAILABLE',
  'The database is not set up for this server. The operator should run `steward doctor`, which says what to do.',
];

const QUERY_CANCELED = '57014';
/** Prisma Client's codes. */
const UNIQUE_VIOLATION = 'P2002';
const FOREIGN_KEY_VIOLATION = 'P2003';

/** PostgreSQL's codes (PostgreSQL manual, appendix A). */
const BY_SQLSTATE: [RegExp, Meaning][] = [
  [/^(57014|25P0[34])$/, TOO_SLOW],
  [/^55P03$/, LOCKED],
  [/^42(501|P01|703|704|883)$/, NOT_SET_UP],
  [/^(40001|40P01)$/, CLASHED],
  [/^53100$/, NO_ROOM],
  [/^(08...|57P0.|53...|58...|28...|3D000|25006)$/, UNAVAILABLE],
  [/^22...$/, REFUSED],
];

/** Prisma Client's codes (Prisma error reference). */
const BY_PRISMA_CODE: [RegExp, Meaning][] = [
  [/^P(1001|1002|1017|2037)$/, UNAVAILABLE],
  [/^P(1008|2024|2028)$/, TOO_SLOW],
  [/^P2034$/, CLASHED],
];

const BY_SYSTEM_CODE: [RegExp, Meaning][] = [
  [
    /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|ENOENT|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EACCES)$/,
    UNAVAILABLE,
  ],
];

/** Kinds of driver adapter errors that have no code. */
const BY_KIND: [RegExp, Meaning][] = [
  [
    /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TlsConnectionError|TooManyConnections|AuthenticationFailed|DatabaseAccessDenied|DatabaseDoesNotExist)$/,
    UNAVAILABLE,
  ],
];

/** Messages of errors of the pg client and its pool that have no code. */
const BY_MESSAGE: [RegExp, Meaning][] = [
  [/query read timeout/i, TOO_SLOW],
  [/timeout exceeded when trying to connect/i, BUSY],
  [
    /connection (terminated|timeout|error)|not queryable|client was closed|pool after calling end/i,
    UNAVAILABLE,
  ],
];

/** Translates a failure of the database into the caller's terms. @returns undefined for any other error */
export function translateDatabaseError(thrown: unknown): StewardError | undefined {
  if (thrown instanceof UnusableDatabaseError) return new StewardError(...NOT_SET_UP, { cause: thrown });
  for (const error of innermostFirst(thrown)) {
    const meaning =
      lookUp(BY_SQLSTATE, error['originalCode']) ??
      lookUp([...BY_SQLSTATE, ...BY_SYSTEM_CODE, ...BY_PRISMA_CODE], error['code']) ??
      lookUp(BY_KIND, error['kind']) ??
      lookUp(BY_MESSAGE, error['message']);
    if (meaning) return new StewardError(...meaning, { cause: thrown });
  }
  return undefined;
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

function lookUp(meanings: [RegExp, Meaning][], key: unknown): Meaning | undefined {
  if (typeof key !== 'string') return undefined;
  return meanings.find(([pattern]) => pattern.test(key))?.[1];
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
