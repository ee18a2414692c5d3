import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import net from 'node:net';
import { promisify } from 'node:util';

/** To be raised with each incompatible change, so that hosts and clients of different versions refuse each other. */
export const PROTOCOL = 3;

/** Identifies a process even if its id is reused or the system reboots. */
interface ProcessIdentity {
  pid: number;
  /** The start time in the system's own format: only compared, never parsed. */
  started: string;
  /** The scope of the id: the boot of the system, and on Linux the process namespace of the container. */
  boot: string;
  namespace: string;
}

/** The content of a lock file: the host that owns the data folder. */
export interface Owner {
  protocol: number;
  process: ProcessIdentity;
  /** Of an owner that is a thread of that process, which can outlive it: then the process releases the folder. */
  thread?: string | undefined;
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
  const own = await ownIdentity();
  const { pid, started, boot, namespace } = owner.process;
  if (boot !== own.boot) return false;
  if (namespace === own.namespace) return (await startOf(pid)) === started;
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

export async function ownIdentity(): Promise<ProcessIdentity> {
  // Both are empty on systems without such an id. The start time, a date there, is enough.
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return { pid: process.pid, started: (await startOf(process.pid)) ?? '', boot: boot.trim(), namespace };
}

/** The start time of a process; undefined if no process has the id, or only a zombie. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // The name in parentheses may contain any character. The state follows the last parenthesis; the start is 19 words on.
    const words = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return words === undefined || /^[ZXx]/.test(words[0] ?? '') ? undefined : words[19];
  }
  // By its path: Claude Desktop may start Steward without a PATH.
  const ps = await promisify(execFile)('/bin/ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C', TZ: 'UTC' },
  }).catch(() => undefined);
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(ps?.stdout ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : started;
}
