import { once } from 'node:events';
import net from 'node:net';
import { pipeline } from 'node:stream';

/** An address that leads to one server now and to another one later, like an operator's virtual address or proxy. */
export class Forwarder {
  readonly #sockets = new Set<net.Socket>();
  readonly #server = net.createServer({ noDelay: true }, (socket) => this.#forward(socket));

  private constructor(private target: number) {}

  static async to(target: number): Promise<Forwarder> {
    const forwarder = new Forwarder(target);
    await once(forwarder.#server.listen(0, '127.0.0.1'), 'listening');
    return forwarder;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Cuts the connections to the old target. */
  switchTo(target: number): void {
    this.target = target;
    this.#sockets.forEach((socket) => socket.destroy());
  }

  close(): void {
    this.#server.close();
    this.switchTo(0);
  }

  #forward(from: net.Socket): void {
    const to = net.connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    this.#sockets.add(from);
    // A broken connection breaks the other half as well; that is what the fault is about.
    pipeline(from, to, from, () => this.#sockets.delete(from));
  }
}
