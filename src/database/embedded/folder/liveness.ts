import net from 'node:net';
import type { Owner } from './owner.js';
import { isRunning } from './process-identity.js';

/**
 * Whether an owner is, or may be, alive. Every doubt is decided for life: a dead owner taken for a live one costs an
 * error message, a live one taken for dead costs the data.
 *
 * Its listening socket is the first witness: the kernel closes it at the process's end and not before, a frozen process
 * keeps it, and it speaks across containers that share the folder. Its process id is the second, for sockets that
 * somebody deleted, and because macOS refuses connections to a live socket with a full queue.
 */
export async function isAlive(owner: Owner, dataDir: string): Promise<boolean> {
  if (owner.released) return false;
  const answer = await connectTo(owner.control);
  if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') return true;
  const running = await isRunning(owner.process);
  if (running !== 'unknown') return running === 'yes';
  // In another container, whose processes cannot be seen: a socket in the folder that both share can be trusted.
  return !owner.control.startsWith(`${dataDir}/`) || process.platform !== 'linux';
}

function connectTo(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}
