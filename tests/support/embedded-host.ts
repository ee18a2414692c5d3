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
  try {
    process.kill(owner.process.pid, 0);
    return owner.process.pid;
  } catch {
    return undefined;
  }
}
