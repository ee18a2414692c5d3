import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import pg from 'pg';
import { OperatorError } from '../../../errors.js';
import { connectionOf } from '../../connection.js';

const DEBIAN = '/usr/lib/postgresql';
/** Variables that cannot select another database. PGSERVICE and PGHOSTADDR can: they override PGHOST. */
const KEPT = /^(?!PG)|^PGPASSFILE$|^PGSSL/;

/**
 * Finds one of PostgreSQL's programs: the oldest that is not older than the server, because pg_dump refuses a newer server.
 * @param major the server's major version
 * @param only the only folder to search; without it: the PATH, and the folders of Debian
 * @throws OperatorError that names the needed version
 */
export async function findProgram(
  name: 'pg_dump' | 'pg_restore',
  major: number,
  only: string | undefined,
): Promise<string> {
  const debian = await readdir(DEBIAN).catch(() => []);
  const folders = only ? [only] : ['', ...debian.map((version) => path.join(DEBIAN, version, 'bin'))];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const file = path.join(folder, name);
      const version = await promisify(execFile)(file, ['--version']).catch(() => undefined);
      return { file, major: Number(/\(PostgreSQL\) (\d+)/.exec(version?.stdout ?? '')?.[1] ?? 0) };
    }),
  );
  const [best] = found.filter((one) => one.major >= major).toSorted((a, b) => a.major - b.major);
  if (best) return best.file;
  const newest = Math.max(...found.map((one) => one.major));
  throw new OperatorError(
    `The server is PostgreSQL ${major}, and this needs ${name} of version ${major} or newer; ` +
      `${newest ? `the newest one found is of version ${newest}` : 'none was found'} in ${only ?? `the PATH and ${DEBIAN}`}. ` +
      `Install PostgreSQL's client programs (on Debian: postgresql-client-${major}), or set POSTGRES_BIN_DIR to their folder.`,
  );
}

/**
 * Runs a program on the database of a URL, and yields its output. The signal ends the program.
 * @throws OperatorError with the program's messages if it fails. The output is known to be complete only at its end.
 */
export async function* runProgram(
  file: string,
  args: string[],
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const child = spawn(file, args, {
    env: connectionEnvironment(url),
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = Promise.all([once(child, 'close'), text(child.stderr)]);
  // If the output fails first, that failure is the one reported.
  end.catch(() => {});
  yield* child.stdout as AsyncIterable<Buffer>;
  const [[code], messages] = await end.catch((error: Error) => {
    signal.throwIfAborted();
    throw new OperatorError(`${file} cannot be run: ${error.message}`, { cause: error });
  });
  if (code !== 0) throw new OperatorError(`${file} failed: ${messages.trim() || `exit status ${code}`}`);
}

/** The environment for PostgreSQL's programs to connect to a URL. Other users can read a command line, but not this. */
export function connectionEnvironment(url: string): NodeJS.ProcessEnv {
  const client = new pg.Client(connectionOf(url));
  const { searchParams } = new URL(url);
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name))),
    LC_ALL: 'C',
    PGAPPNAME: 'steward',
    PGHOST: client.host,
    PGPORT: String(client.port),
    PGUSER: client.user,
    PGDATABASE: client.database,
  };
  if (client.password) env['PGPASSWORD'] = client.password;
  for (const name of ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'options', 'target_session_attrs']) {
    const value = searchParams.get(name);
    if (value) env[`PG${name.replaceAll('_', '').toUpperCase()}`] = value;
  }
  // Without authorities of its own, the driver checks with those of Node.js; libpq has to be told to use the system's.
  if (env['PGSSLMODE'] === 'verify-full') env['PGSSLROOTCERT'] ??= 'system';
  return env;
}
