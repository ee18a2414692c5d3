import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { homeFolder } from './folders.js';

/** What is wrong with an address, as the end of a sentence that begins with its setting. */
class Unreadable extends Error {}

/** A name that no host has (RFC 6761). */
const NO_HOST = 'none.invalid';

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** libpq's variables for what an address does not say (PostgreSQL manual, libpq: environment variables). */
const FROM_ENVIRONMENT = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};

/** Parameters by which libpq would reach another server than the driver does. */
const NOT_FOLLOWED = ['hostaddr', 'service'];

/**
 * Reads the address of a PostgreSQL database as libpq does, and writes it in the one form that all its readers
 * understand alike: user, one host (of a socket, its folder as `?host=`), port and database in their places, and what the
 * environment says of TLS as parameters.
 */
export function readPostgresUrl(
  text: string,
  environment: NodeJS.ProcessEnv = process.env,
): { url: string } | { problem: string } {
  try {
    const url = parse(text);
    readHost(url, environment);
    readTls(url, environment);
    // libpq takes + for itself.
    url.search = url.search.replaceAll('+', '%20');
    return { url: url.href };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

/** Of a readable address, without what must not be shown. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '****';
  for (const name of ['password', 'sslpassword'])
    if (shown.searchParams.has(name)) shown.searchParams.set(name, '****');
  return shown.href;
}

/** The host is NO_HOST where the address names none, which only libpq allows. */
function parse(text: string): URL {
  if (!/^postgres(ql)?:\/\//.test(text)) throw new Unreadable('must start with postgresql://');
  if (/^[^/]*\/\/(?:[^/?#@]*@|(?![^/?#]*@))[^/?#@]*,/.test(text))
    throw new Unreadable('names several hosts: Steward connects to one');
  const whole = text
    .replace(/\?.*/s, (query) => query.replaceAll('+', '%2B'))
    .replace(/^([^/]*\/\/(?:[^/?#@]*@)?)(?=[:/?]|$)/, `$1${NO_HOST}`);
  if (!URL.canParse(whole) || new URL(whole).hash !== '' || !isEncoded(whole))
    throw new Unreadable('is not a valid URL (percent-encode special characters in names and the password)');
  const url = new URL(whole);
  const database = url.searchParams.get('dbname');
  if (database !== null) url.pathname = encodeURIComponent(database);
  url.searchParams.delete('dbname');
  const other = NOT_FOLLOWED.find((name) => url.searchParams.has(name));
  if (other !== undefined) throw new Unreadable(`must not have ${other}: name the host itself`);
  return url;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function readHost(url: URL, environment: NodeJS.ProcessEnv): void {
  const { searchParams } = url;
  const port = searchParams.get('port') ?? (url.port || environment['PGPORT']) ?? '';
  if (port !== '' && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw new Unreadable('must have one port, from 1 to 65535');
  const named = searchParams.get('host') ?? decodeURIComponent(url.hostname === NO_HOST ? '' : url.hostname);
  const host = named || environment['PGHOST'] || findSocketFolder(port || '5432');
  if (host.includes(',')) throw new Unreadable('names several hosts: Steward connects to one');
  searchParams.delete('host');
  searchParams.delete('port');
  if (host.startsWith('/')) {
    url.hostname = 'localhost';
    searchParams.set('host', host);
  } else {
    url.hostname = NO_HOST;
    url.hostname = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    // A host that is none is passed over in silence.
    if (url.hostname === NO_HOST) throw new Unreadable('has a host that cannot be used');
  }
  url.port = port;
}

/** libpq's own default depends on how it was built: these are Debian's and PostgreSQL's. */
function findSocketFolder(port: string): string {
  const folders = ['/var/run/postgresql', '/tmp'];
  return folders.find((folder) => existsSync(path.join(folder, `.s.PGSQL.${port}`))) ?? 'localhost';
}

function readTls({ searchParams }: URL, environment: NodeJS.ProcessEnv): void {
  // Other drivers' words for two of libpq's modes.
  const ssl = searchParams.get('ssl');
  const namesRoot = searchParams.has('sslrootcert');
  if (ssl !== null && !searchParams.has('sslmode'))
    searchParams.set('sslmode', /^(0|false)$/.test(ssl) ? 'disable' : namesRoot ? 'verify-full' : 'require');
  if (searchParams.get('sslmode') === 'no-verify') searchParams.set('sslmode', 'require');
  searchParams.delete('ssl');
  searchParams.delete('uselibpqcompat');
  for (const [name, variable] of Object.entries(FROM_ENVIRONMENT)) {
    const value = environment[variable];
    if (value && !searchParams.get(name)) searchParams.set(name, value);
  }
  // Stricter than libpq, which would check nothing although an authority is named.
  if (namesRoot && !searchParams.has('sslmode')) searchParams.set('sslmode', 'verify-full');
  const mode = searchParams.get('sslmode') ?? '';
  if (mode !== '' && !SSL_MODES.includes(mode))
    throw new Unreadable(`must have an sslmode of ${SSL_MODES.join(', ')} (from the address or PGSSLMODE)`);
  const checks = ['require', 'verify-ca', 'verify-full'].includes(mode);
  const known = rootCertificate(environment);
  if (checks && !searchParams.has('sslrootcert') && known !== undefined)
    searchParams.set('sslrootcert', known);
  const root = searchParams.get('sslrootcert');
  if (root === 'system' && mode !== '' && mode !== 'verify-full')
    throw new Unreadable('must have sslmode=verify-full where sslrootcert is system');
  if (mode === 'verify-ca' && root === null)
    throw new Unreadable(
      'must name the authority in sslrootcert (or PGSSLROOTCERT) where sslmode is verify-ca',
    );
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const file = searchParams.get(name);
    if (file !== null && !(name === 'sslrootcert' && file === 'system') && !isReadable(file))
      throw new Unreadable(`must name a file that can be read as ${name}`);
  }
}

/** Where libpq looks for the authorities that a user trusts. */
function rootCertificate(environment: NodeJS.ProcessEnv): string | undefined {
  const home = homeFolder(environment);
  const file = home && path.join(home, '.postgresql', 'root.crt');
  return file && existsSync(file) ? file : undefined;
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
