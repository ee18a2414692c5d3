/** Runs initdb in the folder `workerData`, on a thread of its own. */
import { workerData } from 'node:worker_threads';
import { startPGlite } from './pglite.js';

const pglite = await startPGlite(workerData as string);
await pglite.close();
