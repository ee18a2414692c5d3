import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { PGlite, type Extension } from '@electric-sql/pglite';
import { citext } from '@electric-sql/pglite/contrib/citext';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { layout } from '../folder/data-folder.js';
import { finishReplacement, replaceDatabase } from '../folder/replacement.js';

/** How PGlite leaves a statement that failed with an SQL error. Any other way out of it is a crash. */
const SQL_ERROR_STATUS = 100;
/** PGlite's own parameters, less `-F`: it would turn fsync off, and a power cut could then spoil the whole folder. */
const START_PARAMETERS = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  // Emscripten's fdatasync does nothing; its fsync can be given a meaning, see `durable`.
  '-c',
  'wal_sync_method=fsync',
];

/** Gives fsync(2) to PGlite's view of the disk, which comes without. */
const durable: Extension = {
  name: 'durable',
  setup: async (_pglite, emscripten) => ({
    emscriptenOpts: {
      ...emscripten,
      preRun: [
        ...(emscripten.preRun ?? []),
        ({ FS }: { FS: { filesystems: { NODEFS: { stream_ops: NodeStreamOperations } } } }) => {
          FS.filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => {
            fs.fsyncSync(nfd);
            return 0;
          };
        },
      ],
    },
  }),
};

interface NodeStreamOperations {
  fsync?: (stream: { nfd: number }) => number;
}

/**
 * Opens the database of the folder; creates it if there is none. Only for the folder's owner.
 * @param onCreate called before a database is created, which takes some seconds
 * @param onCrash called when PostgreSQL dies inside PGlite; it must end the process: PGlite itself would swallow the
 * crash and go on with the memory that is left
 */
export async function openPGlite(
  dataDir: string,
  {
    onCreate,
    onCrash,
    onOutput,
  }: { onCreate(): void; onCrash(error: unknown): never; onOutput(line: string): void },
): Promise<PGlite> {
  const { pgdata } = layout(dataDir);
  await finishReplacement(dataDir);
  if (!fs.existsSync(pgdata)) {
    onCreate();
    await createDatabase(dataDir);
  }
  const pglite = await startPGlite(pgdata, onOutput);
  const engine = pglite.Module;
  const runOne = engine._PostgresMainLoopOnce.bind(engine);
  engine._PostgresMainLoopOnce = () => {
    try {
      runOne();
    } catch (error) {
      if ((error as { status?: unknown }).status !== SQL_ERROR_STATUS) onCrash(error);
      throw error;
    }
  };
  return pglite;
}

/** Builds the database aside and renames it into place when it is whole, so that a kill half-way leaves none. */
async function createDatabase(dataDir: string): Promise<void> {
  const aside = layout(dataDir).aside(randomUUID());
  // On a thread, so that the host can answer clients that wait, and most of initdb's memory is given back.
  await once(new Worker(new URL('./initdb-worker.js', import.meta.url), { workerData: aside }), 'exit');
  await replaceDatabase(dataDir, aside);
}

/** PGlite on PostgreSQL's data folder; where there is none it unpacks the archive, or runs initdb without one. */
export function startPGlite(
  pgdata: string,
  onOutput: (line: string) => void = () => {},
  archive?: Blob,
): Promise<PGlite> {
  return PGlite.create(pgdata, {
    ...(archive && { loadDataDir: archive }),
    extensions: { citext, pg_trgm, durable },
    startParams: START_PARAMETERS,
    relaxedDurability: false,
    // False: not to be shown.
    onStderr: (line) => {
      onOutput(line);
      return false;
    },
  });
}
