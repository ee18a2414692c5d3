import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { layout } from './data-folder.js';
import { syncFile, syncTree } from '../../sync-tree.js';

/**
 * Replaces the folder's database, if there is one, by a complete and closed one. Only the owner may call it. A kill at any
 * moment leaves the old or the new database: from the first rename on the new one, which the next host puts in place.
 */
export async function replaceDatabase(dataDir: string, aside: string): Promise<void> {
  await syncTree(aside);
  await rename(aside, layout(dataDir).replacement);
  await syncFile(dataDir);
  await finishReplacement(dataDir);
}

/** Completes an interrupted replacement, and removes files of killed owners and backups. Only the owner may call it. */
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
