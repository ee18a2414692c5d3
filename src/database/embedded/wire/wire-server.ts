import net from 'node:net';
import { Connection } from './connection.js';
import type { Session } from './session.js';

/**
 * A PostgreSQL server socket in front of one PGlite session.
 *
 * Each connection has its own transactions, portals and prepared statements. What belongs to a PostgreSQL session
 * beyond that is one for all connections: SET without LOCAL, temporary tables, SQL-level PREPARE, LISTEN, advisory
 * locks (which therefore exclude nobody), cursors WITH HOLD. DISCARD ALL and DEALLOCATE ALL hit everybody's prepared
 * statements. Settings in the start-up packet are ignored; a statement cannot be cancelled, and PGlite has no timers to
 * end one with.
 */
export class WireServer {
  readonly #server: net.Server;
  readonly #open = new Map<Connection, Promise<void>>();
  #lastId = 0;

  constructor(
    session: Session,
    parameters: Buffer,
    maxConnections: number,
    /** Told how many connections are open, whenever that changes. */
    onCount: (open: number) => void,
  ) {
    // Beyond twice the limit nobody is even told why: a flood must not run the process out of descriptors.
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      const refusal =
        this.#open.size >= maxConnections
          ? { sqlState: '53300', text: `sorry, too many clients already (${maxConnections})` }
          : undefined;
      const connection = new Connection(++this.#lastId, socket, session, parameters, refusal);
      const ended = connection.run().finally(() => {
        this.#open.delete(connection);
        onCount(this.#open.size);
      });
      this.#open.set(connection, ended);
      onCount(this.#open.size);
    });
    this.#server.maxConnections = 2 * maxConnections;
  }

  /** @throws what listen(2) gives, for instance EADDRINUSE */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Stops listening, tells the clients, and waits until each one's leftovers are out of the session. */
  async close(): Promise<void> {
    this.#server.close();
    for (const connection of this.#open.keys()) connection.shutDown();
    await Promise.all(this.#open.values());
  }
}
