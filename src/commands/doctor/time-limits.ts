import type { DatabaseClient } from '../../database/pool.js';
import type { Finding } from './finding.js';

/** Whether the limits that each session asks for are in force: a connection pooler may have dropped them. */
export async function checkTimeLimits(client: DatabaseClient): Promise<Finding[]> {
  const rows = await client.$queryRaw<{ name: string; setting: string }[]>`
    SELECT name, setting FROM pg_settings
    WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`;
  const unset = rows.filter((row) => row.setting === '0').map((row) => row.name);
  if (unset.length === 0)
    return [
      { level: 'ok', text: `time limits: ${rows.map((row) => `${row.name} ${row.setting} ms`).join(', ')}` },
    ];
  const remedy = 'connect to PostgreSQL directly, or let the connection pooler pass start-up parameters on';
  return [{ level: 'problem', text: `time limits: ${unset.join(', ')} not in force`, remedy }];
}
