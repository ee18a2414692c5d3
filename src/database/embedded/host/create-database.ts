import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { layout } from '../folder/data-folder.js';

/** Builds the database aside and renames it into place when it is whole, so that a kill half-way leaves none. */
export async function createDatabase(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith('pgdata.new-')) await rm(path.join(dataDir, name), { recursive: true, force: true });
  }
  const aside = path.join(dataDir, `pgdata.new-${randomUUID()}`);
  // On a thread, so that the host can greet those who wait, and most of initdb's memory is given back.
  await once(new Worker(new URL('./initdb-worker.js', import.meta.url), { workerData: aside }), 'exit');
  await syncTree(aside);
  await rename(aside, layout(dataDir).pgdata);
  await syncFile(dataDir);
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    await (entry.isDirectory() ? syncTree(file) : syncFile(file));
  }
  await syncFile(folder);
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
