import { readPrivileges, type Privileges } from '../../database/roles/privileges.js';
import type { DatabaseClient } from '../../database/pool.js';
import type { Rights } from '../../database/roles/rights.js';
import { readRolePowers, type RolePower } from '../../database/roles/powers.js';
import type { Finding } from './finding.js';

const BETTER =
  'connect as steward_app, which prisma/roles.sql makes and grants just what the tools need; if it is that, run the file again';

/** Whether the role that Steward connects as may do all that the tools need, and whether it may do more. */
export async function checkPrivileges(client: DatabaseClient, rights: Rights): Promise<Finding[]> {
  const privileges = await readPrivileges(client, rights);
  const enough: Finding[] = [{ level: 'ok', text: 'privileges: all that the tools need' }];
  const tooMuch = describeExcess(privileges);
  const warning: Finding[] =
    tooMuch === undefined ? [] : [{ level: 'warning', text: tooMuch, remedy: BETTER }];
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
