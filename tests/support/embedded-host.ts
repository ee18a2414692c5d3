import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The process that has an embedded database open; undefined if none has. */
export async function hostPid(dataDir: string): Promise<number | undefined> {
  const locks = (await readdir(dataDir)).flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const owner = JSON.parse(await readFile(path.join(dataDir, `lock.${Math.max(...locks)}`), 'utf8')) as {
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
