import type pg from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';

/** What an address may say to the driver; to a pool, other parameters would be options of its own. */
const SAID =
  'user password host port ssl sslmode sslnegotiation options application_name fallback_application_name'.split(
    ' ',
  );

/**
 * How the driver connects to an address that the settings have read. `sslmode` means what it means to libpq.
 * prisma/schema-engine/connection.mjs says the same for Prisma's command line.
 */
export function connectionOf(url: string): pg.ClientConfig {
  const address = new URL(url);
  const { pathname, searchParams } = address;
  // libpq has no TLS over a socket.
  if (searchParams.get('host')?.startsWith('/'))
    for (const name of ['sslmode', 'sslrootcert', 'sslcert', 'sslkey']) searchParams.delete(name);
  if (searchParams.get('sslmode') === 'allow') searchParams.set('sslmode', 'prefer');
  // Without a file the driver takes the authorities that Node.js knows.
  if (searchParams.get('sslrootcert') === 'system') {
    searchParams.delete('sslrootcert');
    searchParams.set('sslmode', 'verify-full');
  }
  const config = toClientConfig(parse(address.href, { useLibpqCompat: true }));
  const said = Object.fromEntries(Object.entries(config).filter(([name]) => SAID.includes(name)));
  // The driver leaves some characters of the name encoded.
  const database = decodeURIComponent(pathname.slice(1));
  return { ssl: false, ...said, ...(database !== '' && { database }) };
}
