import type { DatabaseClient } from '../pool.js';
import type { Rights } from './rights.js';

/** The privileges of the role that Steward connects as. */
export interface Privileges {
  /** Privileges that the tools need and the role lacks: "INSERT (name) on orders", "USAGE on sequence orders_id_seq". */
  missing: string[];
  superuser: boolean;
  /** The tables that the role owns. */
  owned: string[];
  /** Privileges that the tools do not need, in the form of `missing`. A superuser or owner has all of them. */
  excess: string[];
}

/** The privileges of this role on a table. */
interface Table {
  name: string;
  owned: boolean;
  /** The role's privileges among SELECT, DELETE, TRUNCATE, REFERENCES and TRIGGER. */
  whole: string[];
  INSERT: string[];
  UPDATE: string[];
}

/** Compares the privileges of this connection's role with those that the tools need. All the tables must exist. */
export async function readPrivileges(client: DatabaseClient, rights: Rights): Promise<Privileges> {
  const tables = await readTables(client, rights);
  const missing = [...missingOnTables(tables, rights), ...(await missingOnSequences(client, rights))];
  const [role] = await client.$queryRaw<{ superuser: boolean; creator: boolean }[]>`
    SELECT rolsuper AS superuser, has_schema_privilege('public', 'CREATE') AS creator
    FROM pg_roles WHERE rolname = current_user`;
  return {
    missing,
    superuser: role?.superuser ?? false,
    owned: tables.filter((table) => table.owned).map((table) => table.name),
    excess: [...excessOnTables(tables, rights), ...(role?.creator ? ['CREATE on schema public'] : [])],
  };
}

function readTables(client: DatabaseClient, { tables }: Rights): Promise<Table[]> {
  return client.$queryRaw<Table[]>`
    SELECT relname AS name, pg_has_role(relowner, 'MEMBER') AS owned,
      ARRAY(SELECT privilege FROM unnest('{SELECT,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS privilege
        WHERE has_table_privilege(pg_class.oid, privilege)) AS whole,
      ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0
        AND has_column_privilege(attrelid, attnum, 'INSERT')) AS "INSERT",
      ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0
        AND has_column_privilege(attrelid, attnum, 'UPDATE')) AS "UPDATE"
    FROM pg_class WHERE oid = ANY (${Object.keys(tables)}::text[]::regclass[]) ORDER BY relname`;
}

function missingOnTables(tables: Table[], rights: Rights): string[] {
  return tables.flatMap((table) => [
    ...(table.whole.includes('SELECT') ? [] : [`SELECT on ${table.name}`]),
    ...columnsApart(table, rights, (granted, needed) => without(needed, granted)),
  ]);
}

async function missingOnSequences(client: DatabaseClient, { sequences }: Rights): Promise<string[]> {
  const rows = await client.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${sequences}::text[]) AS needed (name) WHERE NOT has_sequence_privilege(name, 'USAGE')`;
  return rows.map(({ name }) => `USAGE on sequence ${name}`);
}

function excessOnTables(tables: Table[], rights: Rights): string[] {
  return tables.flatMap((table) => [
    ...without(table.whole, ['SELECT']).map((privilege) => `${privilege} on ${table.name}`),
    ...columnsApart(table, rights, (granted, needed) => without(granted, needed)),
  ]);
}

function columnsApart(
  table: Table,
  rights: Rights,
  apart: (granted: readonly string[], needed: readonly string[]) => string[],
): string[] {
  return (['INSERT', 'UPDATE'] as const).flatMap((privilege) => {
    const columns = apart(table[privilege], rights.tables[table.name]?.[privilege] ?? []);
    return columns.length === 0 ? [] : [`${privilege} (${columns.join(', ')}) on ${table.name}`];
  });
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((one) => !some.includes(one));
}
