import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { eachAtOnce } from './each-at-once.js';

/** Resolves when a folder and all its contents are on the disk. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.map(({ parentPath, name }) => path.join(parentPath, name));
  await eachAtOnce([folder, ...files], syncFile);
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
