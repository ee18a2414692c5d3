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
  // A thread gives back the 150 MB that initdb takes, and lets the host greet those who wait.
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
  await handle.sync().finally(() => handle.close());
}
