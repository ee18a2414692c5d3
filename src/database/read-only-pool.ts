import type pg from 'pg';
import { CancellablePool } from './cancellation.js';

/** What the text of values depends on. A pooler may ignore a connection's own options, so each transaction says it. */
const PINNED = {
  name: 'pin',
  text: "SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, MDY', true), set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true), set_config('IntervalStyle', 'postgres', true)",
};

/**
 * A pool whose every statement runs in a read-only transaction of its own. BEGIN, the settings, the statement and COMMIT
 * are sent together, without waiting for each (pg's pipeline), so that this takes one way to the server and back.
 */
export class ReadOnlyPool extends CancellablePool {
  readonly #connect: () => Promise<pg.PoolClient>;

  constructor(config: pg.PoolConfig) {
    super({ ...config, pipeline: true });
    this.#connect = this.connect.bind(this) as () => Promise<pg.PoolClient>;
    // A transaction of somebody else's on such a connection could write.
    this.connect = (() => Promise.reject(new Error('Here is only read.'))) as typeof this.connect;
    this.query = ((query: string | pg.QueryConfig, values?: unknown[]) =>
      this.#run(query, values)) as typeof this.query;
  }

  async #run(query: string | pg.QueryConfig, values: unknown[] | undefined): Promise<pg.QueryResult> {
    const client = await this.#connect();
    try {
      const sent = [
        client.query('BEGIN READ ONLY'),
        client.query(PINNED),
        client.query(withoutName(query), values),
        client.query('COMMIT'),
      ] as const;
      const settled = await Promise.allSettled(sent);
      const failed = settled.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      return (settled[2] as PromiseFulfilledResult<pg.QueryResult>).value;
    } finally {
      // One whose transaction did not end is closed at its release, as in every pool.
      client.release();
    }
  }
}

/** Questions differ each time: prepared under names, they would fill the server's memory, and outlive a migration. */
function withoutName(query: string | pg.QueryConfig): pg.QueryConfig {
  return typeof query === 'string' ? { text: query } : { ...query, name: undefined };
}
