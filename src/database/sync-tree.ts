import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Resolves when a folder and all its contents are on the disk. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    await (entry.isDirectory() ? syncTree(file) : syncFile(file));
  }
  await syncFile(folder);
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
