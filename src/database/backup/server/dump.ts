import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperatorError } from '../../../errors.js';
import { sealing } from '../seal.js';
import { findProgram, runProgram } from './programs.js';
import { readState, type ServerTarget } from './state.js';

/** A pg_dump that waits for an ALTER TABLE blocks every later query on the table, so its wait is short. */
const DUMP = ['--format=custom', '--schema=public', '--no-owner', '--no-password', '--lock-wait-timeout=30s'];

/**
 * Writes a consistent backup of a server's schema public. Other clients are not blocked.
 * @throws OperatorError if there is nothing to back up, or no way to do it
 */
export async function dump(
  { url, pool, binDir }: ServerTarget,
  to: Writable,
  signal: AbortSignal,
): Promise<void> {
  const { major, owner, role, unreadable } = await readState(pool);
  if (owner === null) {
    throw new OperatorError(
      'There is no directory in this database, so nothing to back up. Is DATABASE_URL right? To serve the records of other tables: steward init',
    );
  }
  if (unreadable.length > 0) {
    throw new OperatorError(
      `The role ${role} may not read ${unreadable.join(', ')}, so it cannot back them up. ` +
        'Set DATABASE_URL to the owner of the tables; with prisma/roles.sql that is steward_owner.',
    );
  }
  const program = await findProgram('pg_dump', major, binDir);
  const output = runProgram(program, DUMP, url, signal);
  await pipeline(output, sealing('server'), to, { signal });
}
