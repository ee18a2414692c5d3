import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/**
 * The database that Prisma's CLI works on: the one Steward uses, as `steward database-url` says. What keeps that command
 * from saying it ends the CLI too.
 * @param {string[]} args the arguments of the CLI
 * @returns {string | undefined} undefined where the command needs no database: `prisma generate` has to run before
 *   anything is built
 */
export function datasourceUrl(args) {
  if (!needsDatabase(args)) return undefined;
  const url = askSteward();
  const folder = new URL(url).searchParams.get('host');
  if (!folder) return url;
  void holdConnection(url);
  return args.includes('studio') ? socketByEnvironment(url, folder) : url;
}

const DATABASE_COMMANDS =
  /\b(migrate (dev|reset|deploy|status|resolve)|db (pull|push|seed|execute))\b|--((from|to)-config-datasource|sql)\b/;

/** @param {string[]} args */
function needsDatabase(args) {
  if (args.includes('--help') || args.includes('-h')) return false;
  if (args.includes('studio')) return !args.some((arg) => /^--url(=|$)/.test(arg));
  return DATABASE_COMMANDS.test(args.join(' '));
}

/** Starts the embedded database, if that is the one. */
function askSteward() {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  if (!existsSync(main)) {
    process.stderr.write(
      'Steward, which knows where the database is, is not built yet. Run: npm run build\n',
    );
    process.exit(1);
  }
  const { status, stdout } = spawnSync(process.execPath, [main, 'database-url'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The error is on stderr by now.
  if (status !== 0) process.exit(1);
  return stdout.trim();
}

/**
 * The embedded database stops some seconds after its last client, and Studio has none until a page is opened.
 * @param {string} url
 */
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
 * @param {string} folder
 */
function socketByEnvironment(url, folder) {
  const { username, password, port, pathname, searchParams } = new URL(url);
  process.env['PGHOST'] = folder;
  if (port) process.env['PGPORT'] = port;
  if (username) process.env['PGUSER'] = decodeURIComponent(username);
  if (password) process.env['PGPASSWORD'] = decodeURIComponent(password);
  searchParams.delete('host');
  return `postgresql://${pathname}?${searchParams.toString()}`;
}
