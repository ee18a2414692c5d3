import type pg from 'pg';
import { writeCallerSettings } from './caller-settings.js';
import type { SessionClientConfig } from './session.js';
import { SessionPool, type Lent, type Statement } from './session-pool.js';

/**
 * A pool whose every statement runs in a read-only transaction of its own, with the settings of its caller. BEGIN, the
 * statement and COMMIT are sent together, without waiting for each (pg's pipeline), so that this takes one way to the
 * server and back. The settings come with BEGIN and end with the transaction, in a session of a pooler's, too; where the
 * server refuses one, the transaction has failed, and the statement does not run.
 */
export class ReadOnlyPool extends SessionPool {
  constructor(config: SessionClientConfig) {
    // The statement is on its way when BEGIN fails (a cancel request may hit it), and would run outside the transaction.
    super({ ...config, session: { ...config.session, readOnly: true }, pipeline: true });
    // Where all clients share one session, a transaction of another client could write.
    this.connect = (() => Promise.reject(new Error('Here is only read.'))) as typeof this.connect;
  }

  protected override reads(): boolean {
    return true;
  }

  protected override async run(
    client: Lent,
    statement: Statement,
    values?: unknown[],
  ): Promise<pg.QueryResult> {
    const { stream } = client.connection;
    // One packet for the three: each write of its own would wake the server.
    stream.cork();
    const sent = [
      client.query(['BEGIN READ ONLY', ...writeCallerSettings()].join('; ')),
      client.query(withoutName(statement), values),
      client.query('COMMIT'),
    ] as const;
    stream.uncork();
    const settled = await Promise.allSettled(sent);
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return (settled[1] as PromiseFulfilledResult<pg.QueryResult>).value;
  }
}

/** Questions differ each time: prepared under names, they would fill the server's memory, and outlive a migration. */
function withoutName(query: Statement): pg.QueryConfig {
  return typeof query === 'string' ? { text: query } : { ...query, name: undefined };
}
