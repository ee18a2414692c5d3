import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { Connection, type OpenDatabase } from './connection.js';
import { FatalError } from './frames.js';
import { CANNOT_OPEN, DATABASE, HANDOVER, IN_USE } from './startup.js';

/**
 * The PostgreSQL server of a data folder. It listens before its process owns the folder. Clients wait until the database
 * is open, and receive progress as notices. The host runs as long as it has a client, so an idle connection is a lease.
 * The end of the connection shows the client at once that the host has ended.
 *
 * Each connection has its own transactions, portals and prepared statements. All connections share the rest of a session:
 * SET without LOCAL, temporary tables, PREPARE in SQL, LISTEN, cursors WITH HOLD, and advisory locks, which therefore
 * exclude no connection. DISCARD ALL and DEALLOCATE ALL affect the prepared statements of all. Settings in the start-up
 * packet are ignored. A statement cannot be cancelled and has no time-out, because PGlite has no timers.
 */
export class WireServer {
  /** Called with the number of clients when the database is open, and whenever the number changes. */
  onClients: ((clients: number) => void) | undefined;
  /** Called when a client requests that the host exit, and the database has no other client. */
  onHandover: (() => void) | undefined;

  readonly #server = net.createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Connection>();
  readonly #clients = new Set<Connection>();
  #lastId = 0;
  #progress: string | undefined = 'opening the embedded database';
  #open: (database: OpenDatabase) => void = () => {};
  #database = this.#pending();

  /** @throws an error of listen(2), for instance EADDRINUSE */
  async listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
  }

  /** Sends progress to all waiting clients, and to each new one from now on. */
  announce(text: string): void {
    this.#progress = text;
    for (const connection of this.#waiting) connection.notify(text);
  }

  /** Admits the waiting clients. */
  open(database: OpenDatabase): void {
    this.#progress = undefined;
    this.#open(database);
    this.onClients?.(this.#clients.size);
  }

  /** Ends the server because the database cannot be opened. */
  async refuse(text: string): Promise<void> {
    for (const connection of this.#waiting) connection.hangUp(CANNOT_OPEN, text);
    await this.close();
  }

  /** Ends the clients' connections and resolves once the session is clean. New clients wait. */
  async suspend(reason: string): Promise<void> {
    this.#database = this.#pending();
    this.announce(reason);
    const clients = [...this.#clients];
    for (const client of clients)
      client.hangUp('57P01', 'terminating connection due to administrator command');
    await Promise.all(clients.map((client) => client.ended));
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroySoon();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const connection: Connection = new Connection(++this.#lastId, socket, (name) =>
      this.#admit(connection, name),
    );
    void connection.ended.finally(() => {
      if (this.#clients.delete(connection)) this.onClients?.(this.#clients.size);
    });
  }

  async #admit(connection: Connection, name: string): Promise<OpenDatabase> {
    this.#waiting.add(connection);
    if (this.#progress !== undefined) connection.notify(this.#progress);
    const database = await this.#database;
    this.#waiting.delete(connection);
    if (name === HANDOVER) {
      if (this.#clients.size > 0) throw new FatalError(IN_USE, 'the database is in use');
      this.onHandover?.();
      // The end of the connection shows the client that the host has left.
      return new Promise(() => {});
    }
    if (name !== DATABASE)
      throw new FatalError(
        '3D000',
        `database "${name}" does not exist; the embedded database is called "${DATABASE}"`,
      );
    this.#clients.add(connection);
    this.onClients?.(this.#clients.size);
    return database;
  }

  #pending(): Promise<OpenDatabase> {
    return new Promise((resolve) => (this.#open = resolve));
  }
}
