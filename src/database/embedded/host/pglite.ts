import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { PGlite, type Extension } from '@electric-sql/pglite';
import { citext } from '@electric-sql/pglite/contrib/citext';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { layout } from '../folder/data-folder.js';
import { finishReplacement, replaceDatabase } from '../folder/replacement.js';
import { unpackEmptyDatabase } from './empty-database.js';

/** PGlite's exit status after a statement that failed with an SQL error. Any other status is a crash. */
const SQL_ERROR_STATUS = 100;
/** PGlite's own parameters without `-F`, which disables fsync: a power cut could then corrupt the whole folder. */
const START_PARAMETERS = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  // Emscripten's fdatasync does nothing; `durable` implements its fsync.
  '-c',
  'wal_sync_method=fsync',
];

/** Adds fsync(2) to PGlite's file system, which has none. */
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
 * Opens the database of the folder, and creates it if there is none. Only the folder's owner may call it.
 * @param events.onCreate called before a database is created
 * @param events.onCrash called if PostgreSQL crashes inside PGlite. It must end the process: PGlite itself would ignore the
 * crash and continue with its memory in an unknown state.
 */
export async function openPGlite(
  dataDir: string,
  events: { onCreate(): void; onCrash(error: unknown): never; onOutput(line: string): void },
): Promise<PGlite> {
  const { pgdata } = layout(dataDir);
  await finishReplacement(dataDir);
  if (!fs.existsSync(pgdata)) {
    events.onCreate();
    // Built aside, so that a kill half-way leaves no database.
    const aside = layout(dataDir).aside(randomUUID());
    await unpackEmptyDatabase(aside);
    await replaceDatabase(dataDir, aside);
  }
  const pglite = await startPGlite(pgdata, events.onOutput);
  const engine = pglite.Module;
  const runOne = engine._PostgresMainLoopOnce.bind(engine);
  engine._PostgresMainLoopOnce = () => {
    try {
      runOne();
    } catch (error) {
      if ((error as { status?: unknown }).status !== SQL_ERROR_STATUS) events.onCrash(error);
      throw error;
    }
  };
  return pglite;
}

/** Starts PGlite on a data folder. If the folder is absent, it unpacks the archive. */
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
    // False keeps PGlite from printing the line.
    onStderr: (line) => {
      onOutput(line);
      return false;
    },
  });
}
