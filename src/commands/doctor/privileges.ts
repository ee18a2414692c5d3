import type { PrismaClient } from '../../generated/prisma/client.js';
import { readRolePowers, type RolePower } from '../../database/role-powers.js';
import type { Finding } from './finding.js';

interface Columns {
  INSERT?: string[];
  UPDATE?: string[];
}

/** The columns the tools write, in tables of which they read everything. prisma/roles.sql grants the same. */
const NEEDED: Record<string, Columns> = {
  departments: { INSERT: ['name', 'created_at'] },
  users: {
    INSERT: ['username', 'email', 'department_id', 'role', 'active', 'created_at', 'updated_at'],
    UPDATE: ['department_id', 'role', 'active', 'updated_at'],
  },
  user_audit_log: {
    INSERT: ['user_id', 'field_changed', 'old_value', 'new_value', 'actor', 'tool', 'request_id'],
  },
  user_preferences: {
    INSERT: ['user_id', 'preferences', 'updated_at'],
    UPDATE: ['preferences', 'updated_at'],
  },
  // A trigger writes it, with the rights of its owner.
  headcounts: {},
  _prisma_migrations: {},
};

/** Where new ids come from. */
const SEQUENCES = ['departments_id_seq', 'users_id_seq', 'user_audit_log_id_seq'];

const BETTER =
  'connect as steward_app, which prisma/roles.sql makes and grants just what the tools need; if it is that, run the file again';

/** What this role may do with a table. */
interface Table {
  name: string;
  owned: boolean;
  /** Of SELECT, DELETE, TRUNCATE, REFERENCES and TRIGGER. */
  whole: string[];
  INSERT: string[];
  UPDATE: string[];
}

/** Whether the role that Steward connects as may do all that the tools need, and whether it may do more. */
export async function checkPrivileges(prisma: PrismaClient): Promise<Finding[]> {
  const tables = await readTables(prisma);
  const missing = [...missingOnTables(tables), ...(await missingOnSequences(prisma))];
  const enough: Finding[] = [{ level: 'ok', text: 'privileges: all that the tools need' }];
  const excess = await findExcess(prisma, tables);
  const warning: Finding[] = excess === undefined ? [] : [{ level: 'warning', text: excess, remedy: BETTER }];
  return [
    ...(missing.length > 0 ? missing.map(toProblem) : enough),
    ...warning,
    ...toWarning(await readRolePowers(prisma)),
  ];
}

function toWarning(powers: RolePower[]): Finding[] {
  if (powers.length === 0) return [];
  const held = powers.map(({ power }) => power).join(', ');
  const remedy = powers.map(({ statement }) => `${statement};`).join(' ');
  return [{ level: 'warning', text: `privileges: powers that no tool needs: ${held}`, remedy }];
}

function readTables(prisma: PrismaClient): Promise<Table[]> {
  return prisma.$queryRaw<Table[]>`
    SELECT relname AS name, pg_has_role(relowner, 'MEMBER') AS owned,
      ARRAY(SELECT privilege FROM unnest('{SELECT,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS privilege
        WHERE has_table_privilege(pg_class.oid, privilege)) AS whole,
      ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0
        AND has_column_privilege(attrelid, attnum, 'INSERT')) AS "INSERT",
      ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0
        AND has_column_privilege(attrelid, attnum, 'UPDATE')) AS "UPDATE"
    FROM pg_class WHERE oid = ANY (${Object.keys(NEEDED)}::text[]::regclass[]) ORDER BY relname`;
}

function missingOnTables(tables: Table[]): string[] {
  return tables.flatMap((table) => [
    ...(table.whole.includes('SELECT') ? [] : [`SELECT on ${table.name}`]),
    ...columnsApart(table, (granted, needed) => without(needed, granted)),
  ]);
}

async function missingOnSequences(prisma: PrismaClient): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${SEQUENCES}::text[]) AS name WHERE NOT has_sequence_privilege(name, 'USAGE')`;
  return rows.map(({ name }) => `USAGE on sequence ${name}`);
}

/** What makes the role more powerful than it should be, if anything does: of several reasons the strongest. */
async function findExcess(prisma: PrismaClient, tables: Table[]): Promise<string | undefined> {
  const [role] = await prisma.$queryRaw<{ superuser: boolean; creator: boolean }[]>`
    SELECT rolsuper AS superuser, has_schema_privilege('public', 'CREATE') AS creator
    FROM pg_roles WHERE rolname = current_user`;
  if (role?.superuser) return 'privileges: Steward connects as a superuser';
  const owned = tables.filter((table) => table.owned).map((table) => table.name);
  if (owned.length > 0) return `privileges: Steward connects as the owner of ${owned.join(', ')}`;
  const excess = [
    ...tables.flatMap((table) => [
      ...without(table.whole, ['SELECT']).map((privilege) => `${privilege} on ${table.name}`),
      ...columnsApart(table, (granted, needed) => without(granted, needed)),
    ]),
    ...(role?.creator ? ['CREATE on schema public'] : []),
  ];
  return excess.length === 0 ? undefined : `privileges: more than the tools need: ${excess.join(', ')}`;
}

function columnsApart(table: Table, apart: (granted: string[], needed: string[]) => string[]): string[] {
  return (['INSERT', 'UPDATE'] as const).flatMap((privilege) => {
    const columns = apart(table[privilege], NEEDED[table.name]?.[privilege] ?? []);
    return columns.length === 0 ? [] : [`${privilege} (${columns.join(', ')}) on ${table.name}`];
  });
}

function without(all: string[], some: string[]): string[] {
  return all.filter((one) => !some.includes(one));
}

function toProblem(missing: string): Finding {
  return {
    level: 'problem',
    text: `privileges: ${missing} missing`,
    remedy: `GRANT ${missing.replace(' on ', ' ON ').replace('sequence', 'SEQUENCE')} TO the role that Steward connects as`,
  };
}
