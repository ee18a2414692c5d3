import { once } from 'node:events';
import net from 'node:net';
import { pipeline } from 'node:stream';

/** An address that leads to one server now and to another one later, like an operator's virtual address or proxy. */
export async function forwardTo(target: number) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (from) => {
    const to = net.connect({ port: target, host: '127.0.0.1', noDelay: true });
    sockets.add(from);
    // A broken connection breaks the other half as well; that is what the fault is about.
    pipeline(from, to, from, () => sockets.delete(from));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    /** Cuts the connections to the old target. */
    switchTo: (port: number) => {
      target = port;
      sockets.forEach((socket) => socket.destroy());
    },
    close: () => {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}
