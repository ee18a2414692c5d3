import { access, constants, mkdir, readdir, readFile, realpath, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedDatabaseError } from '../errors.js';

/** The major version of the PostgreSQL that PGlite is; its data files can be read by no other. */
const POSTGRES_MAJOR = '18';
/** initdb writes 39 MB, and PostgreSQL wants room for the next segment of its log. Megabytes. */
const ROOM_FOR_NEW = 100;
const ROOM_FOR_EXISTING = 32;
const MEGABYTE = 1024 * 1024;

const OURS =
  /^(lock\..+|steward-secret(\..+)?|run|host\.log|pgdata|pgdata\.(new-.+|replacement|old-.+)|backup-.+|lost\+found|\.DS_Store)$/;

/** Every owner of the folder left one. */
const LOCK = /^lock\.\d+$/;
const DATABASE = /^pgdata(\.replacement)?$/;
/** The content of a readable PG_VERSION. */
const VERSION = /^\d+(\.\d+)?(?=\s*$)/;

/** The paths inside the folder of an embedded database. */
export function layout(dataDir: string) {
  return {
    /** PostgreSQL's own data folder. If it exists, it is complete. */
    pgdata: path.join(dataDir, 'pgdata'),
    /** One that is only being made. */
    aside: (id: string) => path.join(dataDir, `pgdata.new-${id}`),
    /** Another, complete as well, that takes the place of `pgdata`. */
    replacement: path.join(dataDir, 'pgdata.replacement'),
    /** The one that was in its place. */
    former: (id: string) => path.join(dataDir, `pgdata.old-${id}`),
    /** A copy of `pgdata` that a backup is made of. */
    backup: (id: string) => path.join(dataDir, `backup-${id}`),
    run: path.join(dataDir, 'run'),
    log: path.join(dataDir, 'host.log'),
  };
}

/**
 * Makes sure the folder exists, is usable and is an embedded database's or empty; resolves to its one true path.
 * @param replacing whether the database in it is to be replaced: it need not be one that can be opened, but Steward's
 * @throws EmbeddedDatabaseError
 */
export async function prepareDataFolder(given: string, replacing = false): Promise<string> {
  if (process.platform === 'win32') {
    throw new EmbeddedDatabaseError(
      'The embedded database is not supported on Windows yet. Set DATABASE_URL to a PostgreSQL server.',
    );
  }
  try {
    await mkdir(given, { recursive: true, mode: 0o700 });
    const dataDir = await realpath(given);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    await assertOurs(dataDir, replacing);
    if (existsSync(layout(dataDir).pgdata)) {
      await assertNoServer(dataDir);
      await assertVersion(dataDir, replacing);
    }
    await assertRoom(dataDir, replacing);
    return dataDir;
  } catch (error) {
    throw explain(error, given);
  }
}

/** A database is replaced only if Steward has opened it before: its lock files stay for ever. */
async function assertOurs(dataDir: string, replacing: boolean): Promise<void> {
  const names = await readdir(dataDir);
  if (names.includes('PG_VERSION')) {
    throw new EmbeddedDatabaseError(
      `${dataDir} is the data folder of a PostgreSQL server or of another program. Choose an empty folder for the embedded database.`,
    );
  }
  if (replacing && names.some((name) => DATABASE.test(name)) && !names.some((name) => LOCK.test(name))) {
    throw new EmbeddedDatabaseError(
      `${dataDir} holds a PostgreSQL data folder that Steward has never opened, so it is not Steward's to replace. ` +
        'Choose an empty folder, or move it away. Nothing was changed.',
    );
  }
  const stranger = names.find((name) => !OURS.test(name));
  if (stranger !== undefined && !names.includes('pgdata')) {
    throw new EmbeddedDatabaseError(
      `${dataDir} holds other files ("${stranger}"). Choose an empty or a new folder for the embedded database.`,
    );
  }
}

/** PGlite writes no valid process id. A server that wrote one may be at work here, in another container too. */
async function assertNoServer(dataDir: string): Promise<void> {
  const file = path.join(layout(dataDir).pgdata, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  if (!(pid > 0)) return;
  throw new EmbeddedDatabaseError(
    `${file} names process ${pid}: the database is that of a PostgreSQL server, which may be running. ` +
      'Choose an empty folder for the embedded database. Nothing was changed.',
  );
}

async function assertVersion(dataDir: string, replacing: boolean): Promise<void> {
  const { pgdata } = layout(dataDir);
  const text = await readFile(path.join(pgdata, 'PG_VERSION'), 'utf8').catch(() => '');
  const [version] = VERSION.exec(text) ?? [];
  // A database that nothing can open may be replaced; another program's may not. It may just be being replaced, too.
  if (version === POSTGRES_MAJOR || (!version && (replacing || !existsSync(pgdata)))) return;
  throw new EmbeddedDatabaseError(
    version
      ? `${pgdata} was written by PostgreSQL ${version}, and this Steward has PostgreSQL ${POSTGRES_MAJOR}. Use the Steward that wrote it, or choose an empty folder.`
      : `${pgdata} is not a PostgreSQL data folder (its PG_VERSION cannot be read). Restore a backup of it (steward db restore), or choose an empty folder.`,
  );
}

async function assertRoom(dataDir: string, replacing: boolean): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const needed = !replacing && existsSync(layout(dataDir).pgdata) ? ROOM_FOR_EXISTING : ROOM_FOR_NEW;
  const free = Math.floor((bavail * bsize) / MEGABYTE);
  if (free >= needed) return;
  throw new EmbeddedDatabaseError(
    `The disk of ${dataDir} is full: ${free} MB are free and the embedded database needs ${needed} MB. ` +
      'Free some space, or choose a folder on another disk.',
  );
}

function explain(error: unknown, dataDir: string): unknown {
  if (error instanceof EmbeddedDatabaseError) return error;
  return new EmbeddedDatabaseError(
    `The folder ${dataDir} cannot be used for the embedded database: ${(error as Error).message}. Fix that, or choose another folder.`,
    { cause: error },
  );
}
