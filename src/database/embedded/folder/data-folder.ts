import { access, constants, readdir, readFile, realpath, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../../settings/folders.js';
import { UnusableDatabaseError } from '../../check.js';

/** PGlite's major version of PostgreSQL. No other major version can read its data files. */
const POSTGRES_MAJOR = '18';
/** In megabytes: initdb writes 39, and PostgreSQL needs room for the next segment of its log. */
const ROOM_FOR_NEW = 100;
const ROOM_FOR_EXISTING = 32;
const MEGABYTE = 1024 * 1024;

const OURS =
  /^(lock\..+|steward-secret(\..+)?|run|host\.log|pgdata|pgdata\.(new-.+|replacement|old-.+)|backup-.+|lost\+found|\.DS_Store)$/;

/** A lock file. Every owner of the folder leaves one. */
const LOCK = /^lock\.\d+$/;
const DATABASE = /^pgdata(\.replacement)?$/;
/** The content of a readable PG_VERSION. */
const VERSION = /^\d+(\.\d+)?(?=\s*$)/;

/** The paths inside the folder of an embedded database. */
export function layout(dataDir: string) {
  return {
    /** PostgreSQL's own data folder. If it exists, it is complete. */
    pgdata: path.join(dataDir, 'pgdata'),
    /** A data folder that is not complete yet. */
    aside: (id: string) => path.join(dataDir, `pgdata.new-${id}`),
    /** A complete data folder that is about to replace `pgdata`. */
    replacement: path.join(dataDir, 'pgdata.replacement'),
    /** The replaced data folder. */
    former: (id: string) => path.join(dataDir, `pgdata.old-${id}`),
    /** A copy of `pgdata`, to be packed into a backup. */
    backup: (id: string) => path.join(dataDir, `backup-${id}`),
    run: path.join(dataDir, 'run'),
    log: path.join(dataDir, 'host.log'),
  };
}

/**
 * Creates the folder if it is absent, and checks that it is usable and either empty or an embedded database's.
 * @param replacing true if its database is about to be replaced: that must be Steward's, but may be unreadable
 * @returns the folder's real path, the same for all processes
 * @throws UnusableDatabaseError if a check fails
 */
export async function prepareDataFolder(given: string, replacing = false): Promise<string> {
  if (process.platform === 'win32') {
    throw new UnusableDatabaseError(
      'The embedded database is not supported on Windows yet. Set DATABASE_URL to a PostgreSQL server.',
    );
  }
  try {
    makeFolder(given, 0o700);
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
    if (error instanceof UnusableDatabaseError) throw error;
    throw new UnusableDatabaseError(
      `The folder ${given} cannot be used for the embedded database: ${(error as Error).message}. Fix that, or choose another folder.`,
      { cause: error },
    );
  }
}

/** A database is replaced only if Steward has opened it before. Lock files, which are never all removed, show that. */
async function assertOurs(dataDir: string, replacing: boolean): Promise<void> {
  const names = await readdir(dataDir);
  if (names.includes('PG_VERSION')) {
    throw new UnusableDatabaseError(
      `${dataDir} is the data folder of a PostgreSQL server or of another program. Choose an empty folder for the embedded database.`,
    );
  }
  if (replacing && names.some((name) => DATABASE.test(name)) && !names.some((name) => LOCK.test(name))) {
    throw new UnusableDatabaseError(
      `${dataDir} holds a PostgreSQL data folder that Steward has never opened, so it is not Steward's to replace. ` +
        'Choose an empty folder, or move it away. Nothing was changed.',
    );
  }
  const stranger = names.find((name) => !OURS.test(name));
  if (stranger !== undefined && !names.includes('pgdata')) {
    throw new UnusableDatabaseError(
      `${dataDir} holds other files ("${stranger}"). Choose an empty or a new folder for the embedded database.`,
    );
  }
}

/** PGlite writes no valid process id. A server writes one, and may be running, perhaps in another container. */
async function assertNoServer(dataDir: string): Promise<void> {
  const file = path.join(layout(dataDir).pgdata, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  if (!(pid > 0)) return;
  throw new UnusableDatabaseError(
    `${file} names process ${pid}: the database is that of a PostgreSQL server, which may be running. ` +
      'Choose an empty folder for the embedded database. Nothing was changed.',
  );
}

async function assertVersion(dataDir: string, replacing: boolean): Promise<void> {
  const { pgdata } = layout(dataDir);
  const text = await readFile(path.join(pgdata, 'PG_VERSION'), 'utf8').catch(() => '');
  const [version] = VERSION.exec(text) ?? [];
  // A restore may replace a database without a readable version, but not one of another version. An absent `pgdata` is no
  // error: another process may be replacing it right now.
  if (version === POSTGRES_MAJOR || (!version && (replacing || !existsSync(pgdata)))) return;
  throw new UnusableDatabaseError(
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
  throw new UnusableDatabaseError(
    `The disk of ${dataDir} is full: ${free} MB are free and the embedded database needs ${needed} MB. ` +
      'Free some space, or choose a folder on another disk.',
  );
}
