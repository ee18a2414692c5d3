import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Identifies a process even if its id is reused or the system reboots. */
export interface ProcessIdentity {
  pid: number;
  /** The start time in the system's own format: only compared, never parsed. */
  started: string;
  /** The scope of the id: the boot of the system, and on Linux the process namespace of the container. */
  boot: string;
  namespace: string;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const [started, boot, namespace] = await Promise.all([startOf(process.pid), bootId(), pidNamespace()]);
  return { pid: process.pid, started: started ?? '', boot, namespace };
}

/** `yes` if this very process still runs; `unknown` if another container hides it. */
export async function isRunning(process: ProcessIdentity): Promise<'yes' | 'no' | 'unknown'> {
  if (process.boot !== (await bootId())) return 'no';
  if (process.namespace !== (await pidNamespace())) return 'unknown';
  return (await startOf(process.pid)) === process.started ? 'yes' : 'no';
}

/** The start time of a process; undefined if no process has the id, or only a zombie. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // The name in parentheses may contain any character. The state follows the last parenthesis; the start is 19 words on.
    const words = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return words === undefined || /^[ZXx]/.test(words[0] ?? '') ? undefined : words[19];
  }
  const ps = await promisify(execFile)('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  }).catch(() => undefined);
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(ps?.stdout ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : started;
}

/** Empty on systems without such an id. The start time, a date there, is enough. */
async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

async function pidNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}
