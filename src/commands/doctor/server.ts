import type { DatabaseClient } from '../../database/pool.js';
import type { Session } from '../../database/session.js';
import {
  readNarrowedTables,
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
    remedy: `GRANT ${missing.replace(' on ', ' ON ').replace(/ (sequence|schema) /, (kind) => kind.toUpperCase())} TO the role that Steward connects as`,
  };
}

/** The limits of each session, which has to have them to be used. */
export async function checkTimeLimits(client: DatabaseClient): Promise<Finding[]> {
  const rows = await client.$queryRaw<{ name: string; setting: string }[]>`
    SELECT name, setting FROM pg_catalog.pg_settings
    WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`;
  const limits = rows.map((row) => `${row.name} ${row.setting} ms`);
  return [{ level: 'ok', text: `time limits: ${limits.join(', ')}` }];
}

/** Whether row policies hold for the role on tables that the tools read. */
export async function checkPolicies(
  client: DatabaseClient,
  rights: Rights,
  policies: Session['policies'],
): Promise<Finding[]> {
  const tables = await readNarrowedTables(client, rights);
  if (tables.length === 0) return [];
  const named = tables.join(', ');
  if (policies === 'by-role')
    return [
      {
        level: 'warning',
        text: `row level security: answers have what the policies of ${named} let this role see`,
      },
    ];
  const remedy =
    'connect as a role with BYPASSRLS, or let the owner run ALTER TABLE … DISABLE ROW LEVEL SECURITY; where the policies are meant for Steward, say "directory": { "policies": "by-role" } in the configuration';
  return [
    {
      level: 'problem',
      text: `row level security: it hides rows of ${named} from this role, so calls are refused`,
      remedy,
    },
  ];
}
