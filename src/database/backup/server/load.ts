import type { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { CHANGES_CHANNEL } from '../../change-feed.js';
import { BackupError } from '../errors.js';
import { connectionEnvironment } from './connection-environment.js';
import { Programs } from './programs.js';
import { runProgram, type RunningProgram } from './run-program.js';
import { identify, IDENTITY, readState, tablesInUse, type ServerTarget } from './state.js';

/** How long Stewards that are in the middle of something are waited for. */
const LOCK_WAIT_MS = 30_000;

/**
 * Begins a transaction, makes sure that it is in the database that was looked at, empties the schema public and makes ready what a backup relies on. What an extension made stays:
 * pg_stat_statements is nobody's data. So does everything if something in another schema depends on a table.
 * 72707369 is the lock under which `prisma migrate` works.
 */
const begin = (identity: string) => `
BEGIN;
SET LOCAL lock_timeout = ${LOCK_WAIT_MS};
SELECT set_config('steward.database', ${pg.escapeLiteral(identity)}, true);
SELECT pg_advisory_xact_lock(72707369);
DO $$
DECLARE
  owner text := (SELECT relowner::regrole FROM pg_class WHERE oid = to_regclass('public.users'));
  kind text;
  doomed text;
BEGIN
  IF current_setting('steward.database') <> ${IDENTITY} THEN
    RAISE EXCEPTION 'psql was led to another database (%) than the one of DATABASE_URL', current_database();
  END IF;
  -- Whose the tables are, theirs they stay.
  IF owner IS NOT NULL THEN EXECUTE 'SET LOCAL ROLE ' || owner; END IF;
  FOR kind, doomed IN
    WITH own AS (
      SELECT CASE relkind WHEN 'v' THEN 1 WHEN 'm' THEN 2 WHEN 'f' THEN 3 WHEN 'S' THEN 5 WHEN 'c' THEN 7 ELSE 4 END AS place,
        'pg_class'::regclass AS class, oid, oid::regclass::text AS name
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f', 'r', 'p', 'S', 'c')
        -- The sequence of a serial column goes with its table.
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
          AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i'))
      UNION ALL
      SELECT 6, 'pg_proc'::regclass, oid, oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL
      SELECT 7, 'pg_type'::regclass, oid, oid::regtype::text FROM pg_type
      WHERE typnamespace = 'public'::regnamespace AND typrelid = 0 AND typtype IN ('e', 'd', 'r')
    )
    SELECT (ARRAY['VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'TABLE', 'SEQUENCE', 'ROUTINE', 'TYPE'])[place],
      string_agg(name, ', ')
    FROM own
    WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = own.class AND objid = own.oid AND deptype = 'e')
    GROUP BY place ORDER BY place
  LOOP
    EXECUTE format('DROP %s %s', kind, doomed);
  END LOOP;
END $$;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
`;

/** What psql says when all before has been done. Only then is the commit sent: a kill of whichever process rolls back. */
const DONE = 'steward: restored';
/** The triggers that tell running Stewards of changes were made only after the rows were. */
const ASK = `\nNOTIFY ${CHANGES_CHANNEL};\nSELECT '${DONE}';\n`;
const COMMIT = '\nCOMMIT;\n';

const UNCHANGED = 'The database is as it was.';
const IN_DOUBT = 'Whether the backup was restored is not known: look, and restore it again if not.';

/**
 * Replaces a server's schema public with that of a backup whose seal is intact, in one transaction.
 * @param replace whether it may hold anything by now
 * @returns what does it, through `watch`; the signal ends it and leaves the database as it was
 * @throws BackupError where it cannot be done; nothing was changed
 */
export async function prepareLoad(
  { url, pool, binDir }: ServerTarget,
  file: string,
  replace: boolean,
  signal: AbortSignal,
) {
  const major = await assertReplaceable(pool, replace);
  const identity = await identify(pool);
  const programs = await Programs.find(major, ['pg_restore', 'psql'], binDir);
  const context = { env: connectionEnvironment(url), signal };
  // A pg_restore that is older than the pg_dump was cannot read its file.
  await runProgram(programs.path('pg_restore'), ['--list', file], ['ignore', 'ignore', 'pipe'], context)
    .succeeded;

  return async (watch: Transform): Promise<void> => {
    const psql = runProgram(
      programs.path('psql'),
      ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1'],
      ['pipe', 'pipe', 'pipe'],
      context,
    );
    const restore = runProgram(
      programs.path('pg_restore'),
      ['--schema=public', '--no-owner', '--file=-', file],
      ['ignore', 'pipe', 'pipe'],
      context,
    );
    await feed(begin(identity), psql, restore, watch);
  };
}

/**
 * @returns the server's major version
 * @throws BackupError where this role cannot replace the schema public, or there is something that it may not replace
 */
async function assertReplaceable(pool: pg.Pool, replace: boolean): Promise<number> {
  const { major, role, foreign, mayCreate } = await readState(pool);
  if (foreign.length > 0 || !mayCreate) {
    const lack = foreign.length > 0 ? `does not own ${foreign.join(', ')}` : 'may not create tables';
    throw new BackupError(
      `The role ${role} ${lack}, so it cannot restore a backup. Nothing was changed. ` +
        'Set DATABASE_URL to the owner of the database; with prisma/roles.sql that is steward_owner.',
    );
  }
  const used = replace ? [] : await tablesInUse(pool);
  if (used.length > 0) {
    throw new BackupError(
      `There are rows in ${used.join(', ')} already. Pass --replace to have the backup take the place of the whole schema public. Nothing was changed.`,
    );
  }
  return major;
}

/** Has psql do what pg_restore says, within one transaction. @throws BackupError saying what became of the database */
async function feed(
  beginning: string,
  psql: RunningProgram,
  restore: RunningProgram,
  watch: Transform,
): Promise<void> {
  const done = heard(psql.child.stdout as Readable, DONE);
  let committing = false;
  const script = async function* (output: AsyncIterable<Buffer>) {
    yield beginning;
    yield* output;
    await restore.succeeded;
    yield ASK;
    await Promise.race([done, psql.succeeded]);
    committing = true;
    yield COMMIT;
  };
  const fed = pipeline(restore.child.stdout as Readable, watch, script, psql.child.stdin as Writable);
  // If psql gave up, it knows why; that it reads no further is only what comes of it.
  for (const outcome of await Promise.allSettled([psql.succeeded, fed])) {
    if (outcome.status === 'fulfilled') continue;
    const { message } = outcome.reason as Error;
    throw new BackupError(`${message}\n${committing ? IN_DOUBT : UNCHANGED}`, { cause: outcome.reason });
  }
}

/** Resolves when a program has written the text; never, where it does not. */
function heard(output: Readable, text: string): Promise<void> {
  let latest = '';
  return new Promise((resolve) => {
    output.setEncoding('utf8').on('data', (chunk: string) => {
      latest += chunk;
      if (latest.includes(text)) resolve();
      latest = latest.slice(-text.length);
    });
  });
}
