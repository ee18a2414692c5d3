import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { CancellablePool } from '../cancellation.js';
import { hasReached, parseLsn, type WalPosition } from './wal-position.js';

/** Longest time for a replica to report its position, in milliseconds. */
const PATIENCE_MS = 500;

const POSITION = {
  name: 'replica_position',
  text: `SELECT pg_is_in_recovery() AS follows, system_identifier || '/' || timeline_id AS history,
           pg_last_wal_replay_lsn()::text AS lsn
         FROM pg_control_system(), pg_control_checkpoint()`,
  query_timeout: PATIENCE_MS,
};

/** pg's message for a server that stopped answering (`query_timeout`). The error has no code. */
const READ_TIMEOUT = /query read timeout/i;

interface PositionRow {
  follows: boolean;
  history: string;
  lsn: string | null;
}

/** The replica has not yet replayed the required position. It is not faulty. */
export class ReplicaBehindError extends Error {
  override readonly name = 'ReplicaBehindError';
}

/** The server is no replica of the primary, or follows a former primary. */
export class NotAReplicaError extends Error {
  override readonly name = 'NotAReplicaError';
}

/** The server did not report its position, or not in time. */
export class SilentReplicaError extends Error {
  override readonly name = 'SilentReplicaError';
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
export class ReplicaPool extends CancellablePool {
  constructor(config: pg.PoolConfig) {
    super(config);
    this.query = this.#queryInTime.bind(this) as unknown as typeof this.query;
  }

  /** @throws ReplicaBehindError, NotAReplicaError, SilentReplicaError, and errors of pg */
  async #queryInTime(statement: pg.QueryConfig, values: unknown[]): Promise<pg.QueryResult> {
    const position = required.getStore();
    if (!position) throw new Error('A read from a replica needs the position that it must have replayed.');
    const client = await this.connect();
    let failure: Error | undefined;
    try {
      await assertReplayed(client, position);
      return await client.query(statement, values);
    } catch (error) {
      failure = READ_TIMEOUT.test((error as Error).message)
        ? new SilentReplicaError('The replica stopped answering.', { cause: error })
        : (error as Error);
      throw failure;
    } finally {
      client.release(failure instanceof ReplicaBehindError ? undefined : failure);
    }
  }
}

async function assertReplayed(client: pg.PoolClient, position: WalPosition): Promise<void> {
  const { rows } = await client.query<PositionRow>(POSITION).catch((error: unknown) => {
    throw new SilentReplicaError('The replica does not report its position.', { cause: error });
  });
  const [{ follows, history, lsn } = { follows: false, history: '', lsn: null }] = rows;
  if (!follows || lsn === null || history !== position.history)
    throw new NotAReplicaError('The server does not follow the primary.');
  if (!hasReached({ history, lsn: parseLsn(lsn) }, position)) throw new ReplicaBehindError();
}
