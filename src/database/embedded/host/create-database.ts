import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { layout } from '../folder/data-folder.js';
import { replaceDatabase } from './replacement.js';

/** Builds the database aside and renames it into place when it is whole, so that a kill half-way leaves none. */
export async function createDatabase(dataDir: string): Promise<void> {
  const aside = layout(dataDir).aside(randomUUID());
  // On a thread, so that the host can greet those who wait, and most of initdb's memory is given back.
  await once(new Worker(new URL('./initdb-worker.js', import.meta.url), { workerData: aside }), 'exit');
  await replaceDatabase(dataDir, aside);
}
