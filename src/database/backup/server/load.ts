import type { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { BackupError } from '../errors.js';
import { connectionEnvironment } from './connection-environment.js';
import { Programs } from './programs.js';
import { runProgram, type RunningProgram } from './run-program.js';
import { emptySchema, THERE, whatIsThere } from './empty-schema.js';
import { withoutUnknownSettings } from './preamble.js';
import { identify, readState, type ServerTarget } from './state.js';

/** What psql says when all before has been done. Only then is the commit sent: a kill of whichever process rolls back. */
const DONE = 'steward: restored';
const SAY_DONE = `\nSELECT '${DONE}';\n`;
const COMMIT = '\nCOMMIT;\n';

/** How psql tells what `emptySchema` found. */
const IN_THE_WAY = new RegExp(`ERROR: +${THERE}(.*)`);
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
    await feed(emptySchema(identity, replace), psql, restore, watch, major);
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
  const there = replace ? undefined : await whatIsThere(pool);
  if (there !== undefined) throw inTheWay(there);
  return major;
}

function inTheWay(there: string): BackupError {
  return new BackupError(
    `The schema public holds something already: ${there}. Pass --replace to have the backup take the place of all of it. Nothing was changed.`,
  );
}

/** Has psql do what pg_restore says, within one transaction. @throws BackupError saying what became of the database */
async function feed(
  beginning: string,
  psql: RunningProgram,
  restore: RunningProgram,
  watch: Transform,
  major: number,
): Promise<void> {
  const done = heard(psql.child.stdout as Readable, DONE);
  let committing = false;
  const script = async function* (output: AsyncIterable<Buffer>) {
    yield beginning;
    yield* withoutUnknownSettings(output, major);
    await restore.succeeded;
    yield SAY_DONE;
    await Promise.race([done, psql.succeeded]);
    committing = true;
    yield COMMIT;
  };
  const fed = pipeline(restore.child.stdout as Readable, watch, script, psql.child.stdin as Writable);
  // If psql gave up, it knows why; that it reads no further is only what comes of it.
  for (const outcome of await Promise.allSettled([psql.succeeded, fed])) {
    if (outcome.status === 'fulfilled') continue;
    const { message } = outcome.reason as Error;
    const there = IN_THE_WAY.exec(message)?.[1];
    if (there !== undefined) throw inTheWay(there);
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
