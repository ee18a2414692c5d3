import type { DatabaseClient } from '../../database/pool.js';
import {
  readPrivileges,
  readRolePowers,
  type Privileges,
  type Rights,
  type RolePower,
} from '../../database/privileges.js';
import type { Finding } from './index.js';

const BETTER =
  'connect as steward_app, which prisma/roles.sql makes and grants just what the tools need; if it is that, run the file again';

const BETTER_FOR_READING = 'connect as a role that has SELECT on the tables and nothing else';

/** Whether the role that Steward connects as may do all that the tools need, and whether it may do more. */
export async function checkPrivileges(
  client: DatabaseClient,
  rights: Rights,
  readOnly: boolean,
): Promise<Finding[]> {
  const privileges = await readPrivileges(client, rights);
  const enough: Finding[] = [{ level: 'ok', text: 'privileges: all that the tools need' }];
  const tooMuch = describeExcess(privileges);
  const warning: Finding[] =
    tooMuch === undefined
      ? []
      : [{ level: 'warning', text: tooMuch, remedy: readOnly ? BETTER_FOR_READING : BETTER }];
  return [
    ...(privileges.missing.length > 0 ? privileges.missing.map(toProblem) : enough),
    ...warning,
    ...toWarning(await readRolePowers(client, rights)),
  ];
}

function toWarning(powers: RolePower[]): Finding[] {
  if (powers.length === 0) return [];
  const held = powers.map(({ power }) => power).join(', ');
  const remedy = powers.map(({ statement }) => `${statement};`).join(' ');
  return [{ level: 'warning', text: `privileges: powers that no tool needs: ${held}`, remedy }];
}

/** The strongest excess power of the role, if it has any. */
function describeExcess({ superuser, owned, excess }: Privileges): string | undefined {
  if (superuser) return 'privileges: Steward connects as a superuser';
  if (owned.length > 0) return `privileges: Steward connects as the owner of ${owned.join(', ')}`;
  return excess.length === 0 ? undefined : `privileges: more than the tools need: ${excess.join(', ')}`;
}

function toProblem(missing: string): Finding {
  return {
    level: 'problem',
    text: `privileges: ${missing} missing`,
    remedy: `GRANT ${missing.replace(' on ', ' ON ').replace('sequence', 'SEQUENCE')} TO the role that Steward connects as`,
  };
}

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
