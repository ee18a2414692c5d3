import { once } from 'node:events';
import net from 'node:net';

/** What the network does to bytes for the server; undefined swallows them. */
type Fault = (chunk: Buffer, from: net.Socket) => Buffer | undefined;

/** A network between clients and a server of this machine. It can have faults. */
export class Network {
  readonly #open = new Set<net.Socket>();
  readonly #faults = new Map<net.Socket, Fault>();
  #accepted = 0;
  /** What happens on every connection, from now on. */
  everywhere: Fault = (chunk) => chunk;

  private constructor(private readonly server: net.Server) {}

  /** @param url of the server; the network has an address of its own for it */
  static async before(url: string): Promise<Network & { url: string }> {
    const target = new URL(url);
    const { hostname: host, port } = target;
    const server = net.createServer({ noDelay: true });
    const network = new Network(server);
    server.on('connection', (from) => {
      const to = net.connect({ port: Number(port), host, noDelay: true });
      network.#open.add(from);
      network.#accepted += 1;
      from.on('close', () => {
        network.#open.delete(from);
        to.destroy();
      });
      to.on('close', () => from.destroy());
      for (const socket of [from, to]) socket.on('error', () => socket.destroy());
      from.on('data', (chunk) => {
        const passed = (network.#faults.get(from) ?? network.everywhere)(chunk, from);
        if (passed && to.writable) to.write(passed);
      });
      to.on('data', (chunk) => from.writable && from.write(chunk));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    target.port = String((server.address() as net.AddressInfo).port);
    return Object.assign(network, { url: target.href });
  }

  /** The connections that are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** The connections that there ever were. */
  get accepted(): number {
    return this.#accepted;
  }

  /** The connections of now get this fault; later ones do not. */
  onThoseOfNow(fault: Fault): void {
    this.#open.forEach((socket) => this.#faults.set(socket, fault));
  }

  close(): void {
    this.server.close();
    this.#open.forEach((socket) => socket.destroy());
  }
}

/** As a firewall does that no longer knows the connection, and says nothing. */
export const swallow: Fault = () => undefined;

/** As a machine does that was restarted meanwhile. */
export const reset: Fault = (_chunk, from) => {
  from.resetAndDestroy();
  return undefined;
};
