import type { Socket } from 'node:net';
import type { Log } from '../../observability/log.js';

/** Connections that are cut are counted for this long, and logged once. */
const LOGGED_EVERY_MS = 10_000;

/**
 * The open connections, no more than a bound. A client becomes known with its first request that is let in. Where all
 * places are taken, a new connection gets that of the unknown client who has been there longest; with none of these, it
 * is refused. So a client without credentials cannot keep those out that have them.
 */
export class Connections {
  readonly #all = new Set<Socket>();
  /** Oldest first. */
  readonly #unknown = new Set<Socket>();
  #cut = 0;

  constructor(
    private readonly most: number,
    private readonly log: Log,
  ) {}

  add(socket: Socket): void {
    if (this.#all.size >= this.most) {
      const [oldest = socket] = this.#unknown;
      this.#cutOff(oldest);
      if (oldest === socket) return;
    }
    this.#all.add(socket);
    this.#unknown.add(socket);
    socket.once('close', () => this.#remove(socket));
  }

  known(socket: Socket): void {
    this.#unknown.delete(socket);
  }

  [Symbol.iterator](): Iterator<Socket> {
    return this.#all.values();
  }

  #cutOff(socket: Socket): void {
    this.#remove(socket);
    socket.destroy();
    this.#cut += 1;
    if (this.#cut > 1) return;
    setTimeout(() => {
      this.log.warn('connections cut: there were too many', { cut: this.#cut, most: this.most });
      this.#cut = 0;
    }, LOGGED_EVERY_MS).unref();
  }

  #remove(socket: Socket): void {
    this.#all.delete(socket);
    this.#unknown.delete(socket);
  }
}
