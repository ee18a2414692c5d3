import type { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BackupError } from '../errors.js';
import { sealing } from '../seal.js';
import { connectionEnvironment } from './connection-environment.js';
import { Programs } from './programs.js';
import { runProgram } from './run-program.js';
import { readState, type ServerTarget } from './state.js';

/** Somebody's ALTER TABLE may hold a backup up for this long, and the backup everybody who waits behind it. */
const LOCK_WAIT_MS = 30_000;

/** pg_dump's custom format, without owners: whoever restores it owns it. */
const DUMP = [
  '--format=custom',
  '--schema=public',
  '--no-owner',
  '--no-password',
  `--lock-wait-timeout=${LOCK_WAIT_MS}`,
];

/**
 * A backup of a server's schema public as it is at one moment, made by pg_dump while everybody goes on.
 * @returns what writes it to a stream, through `watch`; its signal ends it
 * @throws BackupError where there is nothing to back up, or no way to
 */
export async function prepareDump({ url, pool, binDir }: ServerTarget) {
  const { major, directory, role, unreadable } = await readState(pool);
  if (!directory) {
    throw new BackupError(
      'There is no directory in this database, so nothing to back up. Is DATABASE_URL right?',
    );
  }
  if (unreadable.length > 0) {
    throw new BackupError(
      `The role ${role} may not read ${unreadable.join(', ')}, so it cannot back them up. ` +
        'Set DATABASE_URL to the owner of the tables; with prisma/roles.sql that is steward_owner.',
    );
  }
  const programs = await Programs.find(major, ['pg_dump'], binDir);
  return async (to: Writable, watch: Transform, signal: AbortSignal): Promise<void> => {
    const env = connectionEnvironment(url);
    const { child, succeeded } = runProgram(programs.path('pg_dump'), DUMP, ['ignore', 'pipe', 'pipe'], {
      env,
      signal,
    });
    const whole = async function* (output: AsyncIterable<Buffer>) {
      yield* output;
      // An end of output may be that of a pg_dump that failed: nothing is sealed before it is known to be whole.
      await succeeded;
    };
    await pipeline(child.stdout as Readable, whole, watch, sealing('server'), to, { signal });
  };
}
