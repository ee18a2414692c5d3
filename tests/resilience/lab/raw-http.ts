import { once } from 'node:events';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** A connection on which anything may be written. */
export async function openSocket(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Whether the server ends the connection, or resets it, in time. The socket is destroyed in any case. */
export async function endsWithin(socket: net.Socket, ms: number): Promise<boolean> {
  const ended = new Promise<true>((resolve) => {
    if (socket.destroyed) resolve(true);
    socket.once('end', () => resolve(true)).once('close', () => resolve(true));
  });
  const inTime = await Promise.race([ended, setTimeout(ms, false, { ref: false })]);
  socket.destroy();
  return inTime;
}

/** All that the server sends on this connection. */
export function textFrom(socket: net.Socket): () => string {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

/** The head of a request of MCP. */
export function head(length: number): string {
  return [
    'POST /mcp HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');
}

/** Sends text and ends its side of the connection; the answer, or undefined where the server does not end the other. */
export async function sendRaw(port: number, text: string, withinMs: number): Promise<string | undefined> {
  const socket = await openSocket(port);
  const answer = textFrom(socket);
  socket.write(text, 'latin1');
  // A client that ends its side at once counts as gone: wait for the answer first.
  await Promise.race([once(socket, 'data').catch(() => {}), once(socket, 'close'), setTimeout(50)]);
  socket.end();
  return (await endsWithin(socket, withinMs)) ? answer() : undefined;
}
