import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import tls from 'node:tls';
import pg from 'pg';
import { STEWARD } from './places.mjs';
import { connectionOf } from './schema-engine/connection.mjs';

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
  if (new URL(url).searchParams.has('host')) void holdConnection(url);
  return args.includes('studio') ? studioUrl(url) : url;
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
  if (!existsSync(STEWARD)) {
    process.stderr.write(
      'Steward, which knows where the database is, is not built yet. Run: npm run build\n',
    );
    process.exit(1);
  }
  const { status, stdout } = spawnSync(process.execPath, [STEWARD, 'database-url'], {
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
  const client = new pg.Client(connectionOf(url));
  // Should it be lost, the command itself will say so.
  client.on('error', () => {});
  await client.connect().catch(() => {});
  // The connection must not keep the CLI from ending.
  /** @type {{ unref(): void }} */ (/** @type {unknown} */ (client)).unref();
}

/**
 * Studio's driver reads neither a socket's folder nor encoded names nor files of certificates from a URL. What the URL does
 * not say, it takes from the environment.
 * @param {string} url
 */
function studioUrl(url) {
  const { host, port, user, password, database, ssl, options } = connectionOf(url);
  const said = { PGHOST: host, PGPORT: port, PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
  for (const [name, value] of Object.entries(said)) if (value) process.env[name] = String(value);
  const parameters = new URLSearchParams(options ? { options } : {});
  const wanted = new URL(url).searchParams.get('sslmode') ?? '';
  if (ssl) {
    parameters.set('sslmode', /^(allow|prefer)$/.test(wanted) ? 'prefer' : 'require');
    secure(host, ssl);
  }
  return `postgresql:///?${parameters.toString()}`;
}

/**
 * Has TLS connections to the database checked as all others of Steward are. The driver's own modes are other ones.
 * @param {string | undefined} host
 * @param {object | true} ssl
 */
function secure(host, ssl) {
  const connect = /** @type {(options: any, ...rest: any[]) => tls.TLSSocket} */ (tls.connect);
  const checked = ssl === true ? {} : ssl;
  tls.connect = /** @type {typeof tls.connect} */ (
    (/** @type {any} */ options, /** @type {any[]} */ ...rest) =>
      options?.socket?.host === host
        ? connect({ ...options, host, rejectUnauthorized: true, ...checked }, ...rest)
        : connect(options, ...rest)
  );
}
