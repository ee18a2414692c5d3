import net from 'node:net';
import { isRunning, type ProcessIdentity } from './process-identity.js';

/** To be raised with each incompatible change, so that hosts and clients of different versions refuse each other. */
export const PROTOCOL = 3;

/** The content of a lock file: the host that owns the data folder. */
export interface Owner {
  protocol: number;
  process: ProcessIdentity;
  /** The folder of the PostgreSQL socket. */
  folder: string;
  /** The owner's socket. It listens from before the owner links its lock file until after its database is closed. */
  control: string;
  /** Set once the owner has closed its database and is about to exit. */
  released?: true;
}

/**
 * True if an owner is, or may be, alive. In doubt it counts as alive: the price of that error is a message, the price of
 * the opposite error is the data.
 *
 * 1. The socket decides first. The kernel closes it exactly when the process ends; a frozen process keeps it; and it can
 *    be reached from other containers that share the folder.
 * 2. The process id decides if the socket refuses: its file may be deleted, and macOS refuses a live socket with a full
 *    queue.
 */
export async function isAlive(owner: Owner, dataDir: string): Promise<boolean> {
  if (owner.released) return false;
  const result = await connectTo(owner.control);
  if (result !== 'ECONNREFUSED' && result !== 'ENOENT') return true;
  const running = await isRunning(owner.process);
  if (running !== 'unknown') return running === 'yes';
  // Processes of another container are hidden. A refusing socket in the shared folder is proof enough there, on Linux.
  return !owner.control.startsWith(`${dataDir}/`) || process.platform !== 'linux';
}

/** Connects to a socket and disconnects. @returns `connected`, or the error's code */
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
