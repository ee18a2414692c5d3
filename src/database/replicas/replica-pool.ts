import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { onOneServer, SessionPool, type Lent, type Statement } from '../session-pool.js';
import type { WalPosition } from './primary-position.js';

/** Longest time for a replica to report its position, in milliseconds. */
const PATIENCE_MS = 500;

const COMPARISON = {
  name: 'replica_position',
  text: `SELECT pg_is_in_recovery() AND system_identifier || '/' || timeline_id = $1 AS follows,
           pg_last_wal_replay_lsn() >= $2::pg_lsn AS reached
         FROM pg_control_system(), pg_control_checkpoint()`,
  query_timeout: PATIENCE_MS,
};

/** pg's message for a server that stopped answering (`query_timeout`). The error has no code. */
const READ_TIMEOUT = /query read timeout/i;

/** A replica that is behind is not faulty. One that follows a former primary does not follow this database. */
type Obstacle = 'behind' | 'does not answer' | 'does not follow this database';

/** The replica cannot serve a read. */
export class ReplicaError extends Error {
  override readonly name = 'ReplicaError';

  constructor(
    readonly obstacle: Obstacle,
    options?: ErrorOptions,
  ) {
    super(obstacle, options);
  }
}

/** The position that a replica must have replayed before a statement runs there. Prisma Client cannot pass it on. */
const required = new AsyncLocalStorage<WalPosition>();

/** Runs work with the guarantee that its statements on a replica see everything up to the position. */
export function atLeastAt<Result>(position: WalPosition, work: () => Promise<Result>): Promise<Result> {
  return required.run(position, work);
}

/**
 * Connections to a replica. Each statement first reads the server's position on its own connection. A connection stays with
 * one run of one server, whose position only grows. An address may lead to several servers, or to a restarted one that has
 * to replay its log again.
 */
export class ReplicaPool extends SessionPool {
  protected override reads(): boolean {
    return true;
  }

  /** The primary answers a read that the replica cancelled, at once. */
  protected override repeat<Result>(work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  /** @throws ReplicaError, and errors of pg */
  protected override async run(
    client: Lent,
    statement: Statement,
    values?: unknown[],
  ): Promise<pg.QueryResult> {
    const position = required.getStore();
    if (!position) throw new Error('A read from a replica needs the position that it must have replayed.');
    try {
      return await onOneServer(client, async () => {
        await assertReplayed(client, position);
        return client.query(statement, values);
      });
    } catch (error) {
      throw READ_TIMEOUT.test((error as Error).message)
        ? new ReplicaError('does not answer', { cause: error })
        : error;
    }
  }

  protected override isBroken(error: unknown): boolean {
    return !(error instanceof ReplicaError && error.obstacle === 'behind');
  }
}

async function assertReplayed(client: pg.PoolClient, { history, lsn }: WalPosition): Promise<void> {
  const { rows } = await client
    .query<{ follows: boolean; reached: boolean | null }>(COMPARISON, [history, lsn])
    .catch((error: unknown) => {
      throw new ReplicaError('does not answer', { cause: error });
    });
  if (!rows[0]?.follows) throw new ReplicaError('does not follow this database');
  if (!rows[0].reached) throw new ReplicaError('behind');
}
