import net from 'node:net';
import { isRunning, type ProcessIdentity } from './process-identity.js';

/** Raised when hosts and clients of two versions would not understand each other, so that they refuse each other. */
export const PROTOCOL = 3;

/** The content of a lock file: the host that owns the data folder. */
export interface Owner {
  protocol: number;
  process: ProcessIdentity;
  /** The folder of the PostgreSQL socket. */
  folder: string;
  /** The socket on which the owner listens from before it links its file until after its database is closed. */
  control: string;
  /** It has closed its database and is about to exit. */
  released?: true;
}

/**
 * Whether an owner is, or may be, alive. Every doubt is decided for life: a dead owner taken for a live one costs an
 * error message, a live one taken for dead costs the data.
 *
 * Its listening socket is the first witness: the kernel closes it at the process's end and not before, a frozen process
 * keeps it, and it speaks across containers that share the folder. Its process id is the second, for sockets whose file
 * was deleted, and because macOS refuses connections to a live socket with a full queue.
 */
export async function isAlive(owner: Owner, dataDir: string): Promise<boolean> {
  if (owner.released) return false;
  const result = await connectTo(owner.control);
  if (result !== 'ECONNREFUSED' && result !== 'ENOENT') return true;
  const running = await isRunning(owner.process);
  if (running !== 'unknown') return running === 'yes';
  // In another container, whose processes cannot be seen: a socket in the folder that both share can be trusted.
  return !owner.control.startsWith(`${dataDir}/`) || process.platform !== 'linux';
}

/** Connects to a socket and hangs up. @returns `connected`, or the error's code */
export function connectTo(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}
