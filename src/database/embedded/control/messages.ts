import type { Socket } from 'node:net';

/** Raised when what is said on the control socket changes, so that Stewards of two versions refuse each other politely. */
export const CONTROL_PROTOCOL = 2;

/** How far the host is with the database. */
export type Status = { kind: 'opening'; text: string } | { kind: 'ready' } | { kind: 'failed'; text: string };

/** What the host tells each connection of its control socket. */
export type FromHost =
  | Status
  /** The exclusive section is the client's. */
  | { kind: 'entered' }
  /** Others are connected, so the host does not yield. */
  | { kind: 'in use' };

/** What a client may ask. */
export type ToHost =
  /** To enter the exclusive section, and to leave that (closing the connection leaves it too). */
  | { kind: 'enter' | 'leave' }
  /** That the host closes the database and leaves, if nobody but this client is connected. */
  | { kind: 'yield' };

const STATUS_KINDS = ['opening', 'ready', 'failed'];

export function isStatus(message: FromHost | ToHost): message is Status {
  return STATUS_KINDS.includes(message.kind);
}

const LONGEST_LINE = 64 * 1024;

/** Sends a message; to a peer that is gone, nothing is sent. */
export function send(socket: Socket, message: FromHost | ToHost): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls back for each message; a peer that sends anything else loses its connection. */
export function onMessage(socket: Socket, handle: (message: FromHost | ToHost) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    try {
      if (rest.length > LONGEST_LINE) throw new Error('line too long');
      for (const line of lines) handle(JSON.parse(line) as FromHost | ToHost);
    } catch {
      socket.destroy();
    }
  });
}
