import net, { type Socket } from 'node:net';
import { onMessage, send, type Status } from './messages.js';

const MAX_CONNECTIONS = 1000;

/**
 * The host's side of the leases. A lease is a connection to this socket and nothing else: as long as it is open the
 * host stays, and its end, however it comes about, tells the other side at once.
 */
export class ControlServer {
  readonly #server: net.Server;
  readonly #leases = new Set<Socket>();
  /** Who is in the exclusive section, and behind it who waits, in order. */
  readonly #section: Socket[] = [];
  #status: Status = { kind: 'opening', text: 'opening the embedded database' };

  /**
   * Asked whether the host can yield to one of the leases; if it can, it has begun to leave. An owner that serves no
   * database lets them wait: its end is their answer.
   */
  onYield: (() => boolean) | undefined;

  /** @param onCount told how many leases there are, whenever that changes */
  constructor(onCount: (leases: number) => void) {
    this.#server = net.createServer((socket) => {
      this.#leases.add(socket);
      onCount(this.#leases.size);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#leases.delete(socket);
        this.#leave(socket);
        onCount(this.#leases.size);
      });
      onMessage(socket, ({ kind }) => {
        if (kind === 'enter') this.#enter(socket);
        else if (kind === 'leave') this.#leave(socket);
        else if (kind === 'yield' && this.onYield?.() === false) send(socket, { kind: 'in use' });
      });
      send(socket, this.#status);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws what listen(2) gives, for instance EADDRINUSE */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, resolve);
    });
  }

  /** Tells all leases, and each new one from now on. */
  announce(status: Status): void {
    this.#status = status;
    for (const socket of this.#leases) send(socket, status);
  }

  /** Stops listening and ends the leases once they have been told everything. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#leases) socket.destroySoon();
    await closed;
  }

  #enter(socket: Socket): void {
    if (this.#section.includes(socket)) return;
    if (this.#section.push(socket) === 1) send(socket, { kind: 'entered' });
  }

  #leave(socket: Socket): void {
    const place = this.#section.indexOf(socket);
    if (place < 0) return;
    this.#section.splice(place, 1);
    if (place === 0 && this.#section[0]) send(this.#section[0], { kind: 'entered' });
  }
}
