import type { PrismaClient } from '../generated/prisma/client.js';

/** What the role that Steward connects as may do. */
export interface Privileges {
  /** What the tools need and the role lacks, each as "INSERT (name) on departments" or "USAGE on sequence users_id_seq". */
  missing: string[];
  superuser: boolean;
  /** The tables it owns. */
  owned: string[];
  /** What it was granted besides what the tools need, in the form of `missing`. A superuser or owner has it all. */
  excess: string[];
}

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

/** What this role may do with a table. */
interface Table {
  name: string;
  owned: boolean;
  /** Of SELECT, DELETE, TRUNCATE, REFERENCES and TRIGGER. */
  whole: string[];
  INSERT: string[];
  UPDATE: string[];
}

/** Compares what the role of this connection may do with what the tools need; all the tables must be there. */
export async function readPrivileges(prisma: PrismaClient): Promise<Privileges> {
  const tables = await readTables(prisma);
  const missing = [...missingOnTables(tables), ...(await missingOnSequences(prisma))];
  const [role] = await prisma.$queryRaw<{ superuser: boolean; creator: boolean }[]>`
    SELECT rolsuper AS superuser, has_schema_privilege('public', 'CREATE') AS creator
    FROM pg_roles WHERE rolname = current_user`;
  return {
    missing,
    superuser: role?.superuser ?? false,
    owned: tables.filter((table) => table.owned).map((table) => table.name),
    excess: [...excessOnTables(tables), ...(role?.creator ? ['CREATE on schema public'] : [])],
  };
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
    SELECT name FROM unnest(${SEQUENCES}::text[]) AS needed (name) WHERE NOT has_sequence_privilege(name, 'USAGE')`;
  return rows.map(({ name }) => `USAGE on sequence ${name}`);
}

function excessOnTables(tables: Table[]): string[] {
  return tables.flatMap((table) => [
    ...without(table.whole, ['SELECT']).map((privilege) => `${privilege} on ${table.name}`),
    ...columnsApart(table, (granted, needed) => without(granted, needed)),
  ]);
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
