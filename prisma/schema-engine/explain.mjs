import { asSchemaEngineError, describeScriptError, SchemaEngineError } from './errors.mjs';

/** @typedef {import('@prisma/schema-engine-wasm').MigrationList} MigrationList */
/** @typedef {import('./session.mjs').ScriptFailure} ScriptFailure */
/** @typedef {{ script?: ScriptFailure, shadow?: unknown }} Failures what went wrong beneath the engine during one call */

/**
 * The engine's error, with the code and PostgreSQL's own words where WebAssembly lost them.
 * @param {unknown} error @param {{ method: string, params: any, failures: Failures }} context
 */
export function explain(error, { method, params, failures: { script, shadow } }) {
  if (error instanceof SchemaEngineError) return error;
  if (shadow !== undefined) return asSchemaEngineError(shadow);
  const { message, code } = /** @type {Error & { code?: string }} */ (error);
  if (!script) return new SchemaEngineError(message, { code, cause: error });
  const migration =
    method === 'applyMigrations' ? migrationWith(script.script, params.migrationsList) : undefined;
  if (migration) return migrationFailed(migration, script);
  const sqlError = describeScriptError(script.error, script.script);
  // P3006: a migration failed on the shadow database; the engine names it.
  if (code === 'P3006')
    return new SchemaEngineError(`${message}\n\n${sqlError}`, { code, cause: script.error });
  return new SchemaEngineError(sqlError, { cause: script.error });
}

/** @param {string} script @param {MigrationList} list */
function migrationWith(script, { migrationDirectories }) {
  return migrationDirectories.find(
    ({ migrationFile: { content } }) => content.tag === 'ok' && content.value === script,
  )?.path;
}

/** @param {string} name @param {ScriptFailure} failure */
function migrationFailed(name, { script, error }) {
  return new SchemaEngineError(
    'A migration failed to apply. New migrations cannot be applied before the error is recovered from. ' +
      'Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve\n\n' +
      `Migration name: ${name}\n\nDatabase error code: ${error.code}\n\n` +
      `Database error:\n${describeScriptError(error, script)}\n`,
    { code: 'P3018', cause: error },
  );
}
