import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import dotenv from 'dotenv';
import pg from 'pg';

const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The database that Prisma's CLI works on: the same one as Steward's (see `src/config.ts`, which cannot be asked
 * because `prisma generate` runs before anything is built).
 * @param {string[]} args the arguments of the CLI
 * @returns {string | undefined} undefined where the command needs no database and none is configured
 * @throws {Error} when the embedded database is needed and Steward is not built, or cannot bring it up
 */
export function datasourceUrl(args) {
  const env = withEnvFiles();
  const url = env['DATABASE_URL'] ?? urlFromParts(env) ?? (needsDatabase(args) ? embeddedUrl() : undefined);
  return url && args.includes('studio') ? socketByEnvironment(url) : url;
}

/** The real environment first, then `.env.local` (not in tests), then `.env.<NODE_ENV>`; empty means absent. */
function withEnvFiles() {
  const real = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value));
  const name = real['NODE_ENV'] ?? 'development';
  const files = [...(name === 'test' ? [] : ['.env.local']), `.env.${path.basename(name)}`];
  /** @type {Record<string, string>} */
  const fromFiles = {};
  dotenv.config({
    path: files.map((file) => path.join(PROJECT_ROOT, file)),
    processEnv: fromFiles,
    quiet: true,
  });
  const merged = Object.fromEntries(Object.entries(fromFiles).filter(([, value]) => value));
  return { ...merged, ...real };
}

/** @param {Record<string, string | undefined>} env */
function urlFromParts({ DB_NAME, DB_USER = '', DB_PASSWORD = '', DB_HOST = 'localhost', DB_PORT = '5432' }) {
  if (!DB_NAME) return undefined;
  const url = new URL('postgresql://localhost');
  url.username = encodeURIComponent(DB_USER);
  url.password = encodeURIComponent(DB_PASSWORD);
  if (DB_HOST.startsWith('/')) url.searchParams.set('host', DB_HOST);
  else url.hostname = DB_HOST;
  url.port = DB_PORT;
  url.pathname = encodeURIComponent(DB_NAME);
  return url.href;
}

const DATABASE_COMMANDS = new Set(['migrate', 'db', 'studio']);

/** @param {string[]} args */
function needsDatabase(args) {
  if (args.includes('--help') || args.includes('-h')) return false;
  return args.some((arg) => DATABASE_COMMANDS.has(arg)) || args.includes('--sql');
}

/** Brings the embedded database up, and keeps it up as long as the CLI runs. */
function embeddedUrl() {
  const main = path.join(PROJECT_ROOT, 'dist/main.js');
  if (!existsSync(main)) {
    throw new Error(
      'No DATABASE_URL or DB_NAME is set, and the embedded database is not built: run `npm run build` first.',
    );
  }
  const output = execFileSync(process.execPath, [main, 'database-url'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = output.trim();
  void holdConnection(url);
  return url;
}

/** The embedded database stops some seconds after its last client, and Studio has none until a page is opened. @param {string} url */
async function holdConnection(url) {
  const client = new pg.Client(url);
  // Should it be lost, the command itself will say so.
  client.on('error', () => {});
  await client.connect().catch(() => {});
  // The connection must not keep the CLI from ending.
  /** @type {{ unref(): void }} */ (/** @type {unknown} */ (client)).unref();
}

/**
 * Studio's driver knows no `?host=`, but takes a socket's folder from PGHOST if the URL names neither host nor user.
 * @param {string} url
 */
function socketByEnvironment(url) {
  const { username, password, port, pathname, searchParams } = new URL(url);
  const folder = searchParams.get('host');
  if (!folder) return url;
  process.env['PGHOST'] = folder;
  if (port) process.env['PGPORT'] = port;
  if (username) process.env['PGUSER'] = decodeURIComponent(username);
  if (password) process.env['PGPASSWORD'] = decodeURIComponent(password);
  searchParams.delete('host');
  return `postgresql://${pathname}?${searchParams.toString()}`;
}
