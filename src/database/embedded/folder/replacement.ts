import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { layout } from './data-folder.js';
import { syncFile, syncTree } from '../../sync-tree.js';

/**
 * Puts a whole, closed database in the place of the folder's own, if there is one. Only for the folder's owner. Killed at
 * any moment it leaves the one or the other: from the first rename on, the new one, which the next host puts into place.
 */
export async function replaceDatabase(dataDir: string, aside: string): Promise<void> {
  await syncTree(aside);
  await rename(aside, layout(dataDir).replacement);
  await syncFile(dataDir);
  await finishReplacement(dataDir);
}

/** Ends a replacement that was begun, and removes what killed owners and backups had not finished. Only for the owner. */
export async function finishReplacement(dataDir: string): Promise<void> {
  const { pgdata, replacement, former } = layout(dataDir);
  if (existsSync(replacement)) {
    if (existsSync(pgdata)) await rename(pgdata, former(randomUUID()));
    await rename(replacement, pgdata);
    await syncFile(dataDir);
  }
  for (const name of await readdir(dataDir)) {
    if (/^(pgdata\.(new|old)|backup)-/.test(name))
      await rm(path.join(dataDir, name), { recursive: true, force: true });
  }
}
