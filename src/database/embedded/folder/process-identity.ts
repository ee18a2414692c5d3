import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process in a way that a reused process id or a reboot cannot be taken for it. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, as its system tells it; compared, never read. */
  started: string;
  /** Which run of which system the id belongs to: the boot, and in Linux the container's process namespace. */
  boot: string;
  namespace: string;
}

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [started, boot, namespace] = await Promise.all([startOf(process.pid), bootId(), pidNamespace()]);
  return { pid: process.pid, started: started ?? '', boot, namespace };
}

/** Whether that very process still runs; `unknown` if it belongs to another container, whose processes are hidden. */
export async function isRunning(process: ProcessIdentity): Promise<'yes' | 'no' | 'unknown'> {
  if (process.boot !== (await bootId())) return 'no';
  if (process.namespace !== (await pidNamespace())) return 'unknown';
  return (await startOf(process.pid)) === process.started ? 'yes' : 'no';
}

/** When a process started; undefined if there is none of that id, or only its remains that its parent has not collected yet. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // The name in parentheses may hold anything; the state and, 19 words on, the start follow the last one.
    const words = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return words === undefined || /^[ZXx]/.test(words[0] ?? '') ? undefined : words[19];
  }
  const ps = await promisify(execFile)('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  }).catch(() => undefined);
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(ps?.stdout ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : started;
}

/** Some systems give a boot no id; there the start time, a date, must do. */
async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

async function pidNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}
