import pg from 'pg';

/**
 * An error of Prisma's schema engine in the CLI's own terms: `code` is one of Prisma's (P1001, P3009 …) where the
 * error has one. The message is meant for the person at the CLI and may quote SQL of a migration.
 */
export class SchemaEngineError extends Error {
  /** @param {string} message @param {{ code?: string | undefined, cause?: unknown }} [options] */
  constructor(message, { code, cause } = {}) {
    super(message, { cause });
    this.name = 'SchemaEngineError';
    this.code = code;
  }
}

/** @param {unknown} error */
export function asSchemaEngineError(error) {
  if (error instanceof SchemaEngineError) return error;
  return new SchemaEngineError(error instanceof Error ? error.message : String(error), { cause: error });
}

/** @typedef {{ host: string, port: number, database: string, user: string }} Target */

/**
 * Why a connection could not be opened, worded and numbered as the native engine does.
 * @param {unknown} error what `pg` threw @param {Target} target
 */
export function connectionError(error, target) {
  const { code, message } = describeConnectionError(error, target);
  return new SchemaEngineError(message, { code, cause: error });
}

/** @param {unknown} error @param {Target} target @returns {{ code: string | undefined, message: string }} */
function describeConnectionError(error, { host, port, database, user }) {
  const reason = error instanceof Error ? error.message : String(error);
  const server = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;
  if (error instanceof pg.DatabaseError) {
    switch (error.code) {
      case '28P01':
        return { code: 'P1000', message: authenticationFailed(user) };
      case '28000':
        return {
          code: 'P1010',
          message: `User was denied access on the database \`${database}\`: ${reason}`,
        };
      case '3D000':
        return {
          code: 'P1003',
          message: `Database \`${database}\` does not exist on the database server at \`${server}\`.`,
        };
      default:
        return {
          code: undefined,
          message: `The database server at \`${server}\` refused the connection: ${reason}`,
        };
    }
  }
  // The driver's own words where the server wants a password and the URL has none.
  if (reason.startsWith('SASL')) return { code: 'P1000', message: authenticationFailed(user) };
  if (isTlsFailure(error)) return { code: 'P1011', message: `Error opening a TLS connection: ${reason}` };
  return {
    code: 'P1001',
    message: `Can't reach database server at \`${server}\`\n\nPlease make sure your database server is running at \`${server}\`.`,
  };
}

/** @param {string} user */
function authenticationFailed(user) {
  return `Authentication failed against the database server, the provided database credentials for \`${user}\` are not valid.`;
}

/** @param {unknown} error */
function isTlsFailure(error) {
  const { code = '', message = '' } = /** @type {{ code?: string, message?: string }} */ (error);
  return /CERT|TLS|SSL/.test(code) || /\bSSL\b/.test(message);
}

/**
 * PostgreSQL's error about a script, and the lines that it is about.
 * @param {pg.DatabaseError} error @param {string} script
 */
export function describeScriptError(error, script) {
  const parts = [`${error.severity}: ${error.message}`];
  if (error.detail) parts.push(`DETAIL: ${error.detail}`);
  if (error.hint) parts.push(`HINT: ${error.hint}`);
  if (error.position) parts.push(`\nPosition:\n${linesUpTo(script, Number(error.position))}`);
  return parts.join('\n');
}

const CONTEXT_LINES = 5;

/** The line that holds the 1-based `position` and those just before it, numbered. @param {string} script @param {number} position */
function linesUpTo(script, position) {
  // PostgreSQL counts characters, JavaScript UTF-16 units.
  const before = Array.from(script)
    .slice(0, position - 1)
    .join('');
  const last = before.split('\n').length;
  const first = Math.max(1, last - CONTEXT_LINES);
  return script
    .split('\n')
    .slice(first - 1, last)
    .map((line, index) => `${String(first + index).padStart(5)} ${line.trimEnd()}`)
    .join('\n');
}
