import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { cancelledBy } from '../../cancellation.js';
import { MIGRATION_LOCK } from '../../migrations/apply.js';
import { findProgram, runProgram } from './programs.js';
import { readState, type ServerTarget } from './state.js';
import { OperatorError } from '../../../errors.js';

const LONGEST_LOCK_WAIT = '30s';

/** A URL without parts takes all of them from the environment. */
const RESTORE = ['--schema=public', '--no-owner', '--no-password', '--single-transaction', '--exit-on-error'];
const DATABASE = '--dbname=postgresql://';

/**
 * Restores a backup with an intact seal into a server's schema public, in one transaction of pg_restore. Without
 * `replace` nothing is dropped: an existing table, even one created after the check, makes the whole restore fail.
 * @returns a statement for each publication that lost tables; it adds them again
 * @throws OperatorError if the restore is not possible; nothing was changed then
 */
export async function load(
  { url, pool, binDir }: ServerTarget,
  file: string,
  replace: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const { role, major, owner, relations, foreign, mayCreate, publications } = await readState(pool);
  if (foreign.length > 0 || !mayCreate) {
    throw new OperatorError(
      `The role ${role} ${foreign.length > 0 ? `does not own ${foreign.join(', ')}` : 'may not create tables'}, so it cannot restore a backup. Nothing was changed. ` +
        'Set DATABASE_URL to the owner of the database; with prisma/roles.sql that is steward_owner.',
    );
  }
  const program = await findProgram('pg_restore', major, binDir);
  const contents = await text(runProgram(program, ['--list', file], url, signal));
  const extra = relations.filter((name) => !contents.includes(` public ${name} `));
  if (extra.length > 0) {
    throw new OperatorError(
      `The database holds what the backup does not: ${extra.join(', ')}. Drop it, or restore into a new database. Nothing was changed.`,
    );
  }
  if (relations.length > 0 && !replace) {
    throw new OperatorError(
      `The schema public holds something already: ${relations.join(', ')}. Pass --replace to replace it with the backup. Nothing was changed.`,
    );
  }
  const definitions = await text(runProgram(program, ['--schema-only', '--file=-', file], url, signal));
  const options = [...(replace ? ['--clean', '--if-exists'] : []), ...(owner ? [`--role=${owner}`] : [])];
  const client = await pool.connect();
  try {
    const { rows } = await client.query(`SELECT pg_try_advisory_lock(${MIGRATION_LOCK}) AS locked`);
    if (!rows[0].locked) {
      throw new OperatorError(
        'A migration or another restore is at work on this database. Try again when it has ended. Nothing was changed.',
      );
    }
    await prepareExtensions(client, definitions);
    await cancelledBy(signal, () => waitForLocks(client)).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
    await text(runProgram(program, [...RESTORE, ...options, DATABASE, file], url, signal)).catch(explain);
  } finally {
    // The advisory lock ends with the session.
    client.release(true);
  }
  return publications;
}

/** What a backup names of each extension, with its schema. */
const EXTENSIONS = { citext: 'citext', pg_trgm: 'gin_trgm_ops' };

/** A backup names the schemas of extensions, but does not hold them. */
async function prepareExtensions(client: pg.PoolClient, definitions: string): Promise<void> {
  for (const [extension, member] of Object.entries(EXTENSIONS)) {
    const schema = new RegExp(`("(?:[^"]|"")+"|\\w+)\\.${member}\\b`).exec(definitions)?.[1] ?? 'public';
    const known = await client.query('SELECT WHERE to_regnamespace($1) IS NOT NULL', [schema]);
    if (known.rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`);
    await client.query(`CREATE EXTENSION IF NOT EXISTS ${extension} SCHEMA ${schema}`);
    const { rows } = await client.query<{ schema: string }>(
      'SELECT extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = $1',
      [extension],
    );
    if (rows[0]?.schema !== schema)
      throw new OperatorError(
        `The backup needs the extension ${extension} in the schema ${schema}, and this database has it in ${rows[0]?.schema}. Nothing was changed. Let its owner run: ALTER EXTENSION ${extension} SET SCHEMA ${schema}`,
      );
  }
}

/** pg_restore would wait for a lock without limit, and block every query on the table: so each lock is tried first. */
async function waitForLocks(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ tables: string | null }>(`
    SELECT string_agg(format('public.%I', relname), ', ') AS tables FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`);
  if (!rows[0]?.tables) return;
  try {
    await client.query(
      `BEGIN; SET LOCAL lock_timeout = '${LONGEST_LOCK_WAIT}'; LOCK TABLE ${rows[0].tables}; ROLLBACK`,
    );
  } catch (error) {
    throw new OperatorError(
      `A table is in use for more than ${LONGEST_LOCK_WAIT}. Try again when that has ended (pg_stat_activity shows it). Nothing was changed.`,
      { cause: error },
    );
  }
}

function explain(error: unknown): never {
  if (!(error instanceof OperatorError) || error.message.startsWith('Interrupted')) throw error;
  const outcome = /Command was: COMMIT/.test(error.message)
    ? 'Whether the backup was restored is not known: look, and restore it again if not.'
    : 'The database is as it was. If something depends on what the backup replaces, drop that first, or restore into a new database.';
  throw new OperatorError(`${error.message}\n${outcome}`, { cause: error });
}
