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

/**
 * Why a connection could not be opened, worded and numbered as the native engine does.
 * @param {unknown} error what `pg` threw @param {pg.Client} client
 */
export function connectionError(error, { host, port, database, user }) {
  const { message: reason, code = '' } = /** @type {Error & { code?: string }} */ (error);
  const server = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;
  const failed = (/** @type {string} */ message, /** @type {string} */ prismaCode) =>
    new SchemaEngineError(message, { code: prismaCode, cause: error });
  // SASL: the driver's own words where the server wants a password and the URL has none.
  if (code === '28P01' || reason.startsWith('SASL'))
    return failed(
      `Authentication failed against the database server, the provided database credentials for \`${user}\` are not valid.`,
      'P1000',
    );
  if (code === '28000')
    return failed(`User was denied access on the database \`${database}\`: ${reason}`, 'P1010');
  if (code === '3D000')
    return failed(
      `Database \`${database}\` does not exist on the database server at \`${server}\`.`,
      'P1003',
    );
  if (error instanceof pg.DatabaseError)
    return new SchemaEngineError(`The database server at \`${server}\` refused the connection: ${reason}`);
  if (/CERT|TLS|SSL/.test(code) || /\bSSL\b/.test(reason))
    return failed(`Error opening a TLS connection: ${reason}`, 'P1011');
  return failed(
    `Can't reach database server at \`${server}\`\n\nPlease make sure your database server is running at \`${server}\`.`,
    'P1001',
  );
}

/** @typedef {{ script: string, error: pg.DatabaseError }} ScriptFailure */

/**
 * The engine's error, with the code and PostgreSQL's own words where WebAssembly lost them.
 * @param {unknown} error @param {ScriptFailure | undefined} failure of a script, beneath the engine
 * @param {import('@prisma/schema-engine-wasm').MigrationList | undefined} applied the migrations, if they were applied
 */
export function explain(error, failure, applied) {
  const { message, code } = /** @type {Error & { code?: string }} */ (error);
  if (error instanceof SchemaEngineError) return error;
  if (!failure) return new SchemaEngineError(message, { code, cause: error });
  const sqlError = describeScriptError(failure);
  const migration = applied?.migrationDirectories.find(
    ({ migrationFile: { content } }) => content.tag === 'ok' && content.value === failure.script,
  );
  if (migration)
    return new SchemaEngineError(
      'A migration failed to apply. New migrations cannot be applied before the error is recovered from. ' +
        'Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve\n\n' +
        `Migration name: ${migration.path}\n\nDatabase error code: ${failure.error.code}\n\n` +
        `Database error:\n${sqlError}\n`,
      { code: 'P3018', cause: failure.error },
    );
  // P3006: a migration failed on the shadow database; the engine names it.
  if (code === 'P3006')
    return new SchemaEngineError(`${message}\n\n${sqlError}`, { code, cause: failure.error });
  return new SchemaEngineError(sqlError, { cause: failure.error });
}

/** PostgreSQL's error about a script, and the lines that it is about. @param {ScriptFailure} failure */
function describeScriptError({ script, error }) {
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
  const numbered = script.split('\n').map((line, at) => `${String(at + 1).padStart(5)} ${line.trimEnd()}`);
  return numbered.slice(Math.max(0, last - 1 - CONTEXT_LINES), last).join('\n');
}
