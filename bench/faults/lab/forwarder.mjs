import { once } from 'node:events';
import net from 'node:net';

/** An address that leads to one server now and to another later, as a virtual address or a proxy of an operator's does. */
export class Forwarder {
  /** @type {Set<net.Socket>} */
  #sockets = new Set();
  #server = net.createServer((socket) => this.#forward(socket));

  /** @private @param {number} target */
  constructor(target) {
    this.target = target;
  }

  /** @param {number} target a port */
  static async to(target) {
    const forwarder = new Forwarder(target);
    forwarder.#server.listen(0, '127.0.0.1');
    await once(forwarder.#server, 'listening');
    return forwarder;
  }

  get port() {
    return /** @type {net.AddressInfo} */ (this.#server.address()).port;
  }

  /** Connections to the old target are cut. @param {number} target */
  switchTo(target) {
    this.target = target;
    this.#cut();
  }

  async close() {
    this.#cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #cut() {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  /** @param {net.Socket} from */
  #forward(from) {
    const to = net.connect(this.target, '127.0.0.1');
    for (const [socket, other] of /** @type {const} */ ([
      [from, to],
      [to, from],
    ])) {
      this.#sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
