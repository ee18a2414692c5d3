import { parse, toClientConfig } from 'pg-connection-string';

/**
 * How the driver connects to an address as `steward database-url` prints it: as src/database/connection.ts has it, which
 * this cannot import, because Prisma's command line runs before anything is built.
 * @param {string} url
 * @returns {import('pg').ClientConfig}
 */
export function connectionOf(url) {
  const address = new URL(url);
  const { pathname, searchParams } = address;
  if (searchParams.get('host')?.startsWith('/'))
    for (const name of ['sslmode', 'sslrootcert', 'sslcert', 'sslkey']) searchParams.delete(name);
  if (searchParams.get('sslmode') === 'allow') searchParams.set('sslmode', 'prefer');
  if (searchParams.get('sslrootcert') === 'system') {
    searchParams.delete('sslrootcert');
    searchParams.set('sslmode', 'verify-full');
  }
  for (const name of ['schema', 'connect_timeout']) searchParams.delete(name);
  const database = decodeURIComponent(pathname.slice(1));
  const config = toClientConfig(parse(address.href, { useLibpqCompat: true }));
  return { ssl: false, ...config, ...(database !== '' && { database }) };
}
