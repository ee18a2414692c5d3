import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The lock file of an embedded database's owner. */
export async function currentLock(dataDir: string): Promise<string> {
  const locks = (await readdir(dataDir)).flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return path.join(dataDir, `lock.${Math.max(...locks)}`);
}

/** The process that has an embedded database open; undefined when none has. */
export async function hostPid(dataDir: string): Promise<number | undefined> {
  const owner = JSON.parse(await readFile(await currentLock(dataDir), 'utf8')) as {
    process: { pid: number };
  };
  return isAlive(owner.process.pid) ? owner.process.pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
