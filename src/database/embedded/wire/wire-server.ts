import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { Connection, type OpenDatabase } from './connection.js';
import { FatalError } from './frames.js';
import { CANNOT_OPEN, DATABASE, HANDOVER, IN_USE } from './startup.js';

/** A flood must not run the process out of descriptors. */
const MAX_CONNECTIONS = 1000;

/**
 * The PostgreSQL server of a data folder. It listens before its process owns the folder; clients wait, with progress as
 * notices, until the database is open. The host stays as long as it has a client, so an idle connection is a lease, and
 * its end, however it comes about, tells the client at once that the host is gone.
 *
 * Each connection has its own transactions, portals and prepared statements. What belongs to a PostgreSQL session
 * beyond that is one for all connections: SET without LOCAL, temporary tables, SQL-level PREPARE, LISTEN, advisory
 * locks (which therefore exclude no connection), cursors WITH HOLD. DISCARD ALL and DEALLOCATE ALL hit the prepared
 * statements of all. Settings in the start-up packet are ignored; a statement cannot be cancelled, and PGlite has no
 * timers to end one with.
 */
export class WireServer {
  /** Called with the number of clients when the database is open, and whenever the number changes. */
  onClients: ((clients: number) => void) | undefined;
  /** Called when the database is in use by no client and one requests that the host leave. */
  onHandover: (() => void) | undefined;

  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Connection>();
  readonly #clients = new Set<Connection>();
  #lastId = 0;
  #news: string | undefined = 'opening the embedded database';
  #open: (database: OpenDatabase) => void = () => {};
  #fail: (error: FatalError) => void = () => {};
  #database = this.#pending();

  constructor() {
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      const connection: Connection = new Connection(++this.#lastId, socket, (name) =>
        this.#admit(connection, name),
      );
      void connection.ended.finally(() => {
        if (this.#clients.delete(connection)) this.onClients?.(this.#clients.size);
      });
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws what listen(2) gives, for instance EADDRINUSE */
  async listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
  }

  /** Sends progress to all clients that wait, and to each new one from now on. */
  announce(text: string): void {
    this.#news = text;
    for (const connection of this.#waiting) connection.notify(text);
  }

  /** Lets the clients in. */
  open(database: OpenDatabase): void {
    this.#news = undefined;
    this.#open(database);
    this.onClients?.(this.#clients.size);
  }

  /** Ends the server because the database cannot be opened. */
  async refuse(text: string): Promise<void> {
    const waiting = [...this.#waiting];
    this.#fail(new FatalError(CANNOT_OPEN, text));
    await Promise.all(waiting.map((connection) => connection.ended));
    await this.close();
  }

  /** Ends the clients' connections and waits until what they left is out of the session. New clients wait. */
  async suspend(reason: string): Promise<void> {
    this.#database = this.#pending();
    this.announce(reason);
    const clients = [...this.#clients];
    for (const connection of clients) connection.shutDown();
    await Promise.all(clients.map((connection) => connection.ended));
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroySoon();
    await closed;
  }

  async #admit(connection: Connection, name: string): Promise<OpenDatabase> {
    this.#waiting.add(connection);
    try {
      if (this.#news !== undefined) connection.notify(this.#news);
      const database = await this.#database;
      if (name === HANDOVER) return await this.#handOver();
      if (name !== DATABASE)
        throw new FatalError(
          '3D000',
          `database "${name}" does not exist; the embedded database is called "${DATABASE}"`,
        );
      this.#clients.add(connection);
      this.onClients?.(this.#clients.size);
      return database;
    } finally {
      this.#waiting.delete(connection);
    }
  }

  /** The end of the connection says that the host has left. */
  #handOver(): Promise<never> {
    if (this.#clients.size > 0) throw new FatalError(IN_USE, 'the database is in use');
    this.onHandover?.();
    return new Promise(() => {});
  }

  #pending(): Promise<OpenDatabase> {
    const pending = new Promise<OpenDatabase>((resolve, reject) => {
      this.#open = resolve;
      this.#fail = reject;
    });
    // Without a client that waits, there is none to hear of a failure.
    pending.catch(() => {});
    return pending;
  }
}
