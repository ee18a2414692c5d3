import type { DatabaseClient, Connections } from '../../database/pool.js';
import { remedyOf } from '../../database/connection-failure.js';
import { UnusableDatabaseError } from '../../database/check.js';
import { describeError } from '../../observability/log.js';
import type { Finding } from './index.js';

/** The client's own words where the server asks for a password and there is none. */
const NO_PASSWORD = /client password must be a (non-empty )?string/;

/** Connects, and says to what. @throws where there is no connection: see describeConnectionFailure */
export async function checkConnection({
  pool,
}: Connections<DatabaseClient>): Promise<{ embedded: boolean; findings: Finding[] }> {
  // Not through Prisma Client, whose words for a failed connection lack the reason.
  const { rows } = await pool.query<{ version: string }>('SELECT version()');
  const version = rows[0]?.version ?? '';
  const connected = { level: 'ok', text: `connection: ${version.split(' on ')[0]}` } as const;
  const pooler = {
    level: 'ok',
    text: 'connection: by a pooler; settings travel with each transaction, statements have no names',
  } as const;
  return { embedded: version.includes('PGlite'), findings: pool.pooled ? [connected, pooler] : [connected] };
}

/** Why there is no connection, and the setting that is wrong or missing. */
export function describeConnectionFailure(error: unknown): Finding {
  const reason = describeError(error).replace(/\s+/g, ' ');
  if (NO_PASSWORD.test(reason))
    return {
      level: 'problem',
      text: 'connection: the server asks for a password, and none is set',
      remedy:
        'set it in the address, as in postgresql://user:PASSWORD@host:5432/name, or in DB_PASSWORD where DB_NAME names the database',
    };
  if (error instanceof UnusableDatabaseError)
    return { level: 'problem', text: `connection: ${error.message}` };
  return { level: 'problem', text: `connection: ${reason}`, remedy: remedyOf(error) };
}
