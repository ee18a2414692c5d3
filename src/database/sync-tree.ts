import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** A disk writes what several ask for in one go. */
const AT_ONCE = 8;

/** Resolves when a folder and all its contents are on the disk. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = [folder, ...entries.map(({ parentPath, name }) => path.join(parentPath, name))].values();
  const syncRest = async () => {
    for (const file of files) await syncFile(file);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, syncRest));
}

/** Resolves when one file, or the names in a folder, are on the disk. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
