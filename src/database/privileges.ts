import type { DatabaseClient } from './pool.js';

/** The rights that some work needs, by table: each is read as a whole. */
export type Rights = Readonly<Record<string, TableRights>>;

interface TableRights {
  /** The columns to write. */
  INSERT?: readonly string[];
  UPDATE?: readonly string[];
  /** Where the ids of new rows come from. */
  sequence?: string;
}

export interface Privileges {
  /** Privileges that the tools need and the role lacks: "INSERT (name) on orders", "USAGE on sequence orders_id_seq". */
  missing: string[];
  superuser: boolean;
  /** The tables that the role owns. */
  owned: string[];
  /** Privileges that the tools do not need, in the form of `missing`. A superuser or owner has all of them. */
  excess: string[];
}

/** Compares the privileges of this connection's role with those that the tools need. All the tables must exist. */
export async function readPrivileges(client: DatabaseClient, rights: Rights): Promise<Privileges> {
  const [privileges] = await client.$queryRaw<Privileges[]>`
    WITH tables AS (
      SELECT oid, relname, pg_has_role(relowner, 'MEMBER') AS owned
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${Object.keys(rights)}::text[])
    ), on_tables AS (
      SELECT relname, privilege, has_table_privilege(oid, privilege) AS granted, privilege = 'SELECT' AS needed
      FROM tables, unnest('{SELECT,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS privilege
    ), on_columns AS (
      SELECT relname, privilege, attname, attnum, has_column_privilege(oid, attnum, privilege) AS granted,
        coalesce(${JSON.stringify(rights)}::jsonb -> relname -> privilege ? attname, false) AS needed
      FROM tables JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped,
        unnest('{INSERT,UPDATE}'::text[]) AS privilege
    ), differences AS (
      SELECT granted, 1 AS place, relname, format('%s on %s', privilege, relname) AS privilege
      FROM on_tables WHERE granted <> needed
      UNION ALL
      SELECT granted, 1, relname, format('%s (%s) on %s', privilege, string_agg(attname, ', ' ORDER BY attnum), relname)
      FROM on_columns WHERE granted <> needed GROUP BY granted, relname, privilege
      UNION ALL
      SELECT false, 2, sequence, 'USAGE on sequence ' || sequence
      FROM unnest(${sequencesOf(rights)}::text[]) AS sequence
        LEFT JOIN pg_class ON relname = sequence AND relnamespace = 'public'::regnamespace AND relkind = 'S'
      WHERE NOT coalesce(has_sequence_privilege(oid, 'USAGE'), false)
      UNION ALL
      SELECT false, 0, '', 'USAGE on schema public' WHERE NOT has_schema_privilege('public', 'USAGE')
      UNION ALL
      SELECT true, 3, '', 'CREATE on schema public' WHERE has_schema_privilege('public', 'CREATE')
    )
    SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
      ARRAY(SELECT relname::text FROM tables WHERE owned ORDER BY relname) AS owned,
      ARRAY(SELECT privilege FROM differences WHERE NOT granted ORDER BY place, relname, privilege) AS missing,
      ARRAY(SELECT privilege FROM differences WHERE granted ORDER BY place, relname, privilege) AS excess`;
  return privileges as Privileges;
}

function sequencesOf(rights: Rights): string[] {
  return Object.values(rights).flatMap(({ sequence }) => sequence ?? []);
}

/** The tables of which row policies may hide rows from the role. */
export async function readNarrowedTables(client: DatabaseClient, rights: Rights): Promise<string[]> {
  const rows = await client.$queryRaw<{ name: string }[]>`
    SELECT relname::text AS name FROM pg_catalog.pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${Object.keys(rights)}::text[]) AND row_security_active(oid)
    ORDER BY relname`;
  return rows.map(({ name }) => name);
}

/** A right to the server or the database that no tool needs, and the statement that revokes it. */
export interface RolePower {
  power: string;
  statement: string;
}

/**
 * Reads the rights of Steward's role beyond those on its tables: from its attributes, from the roles that it may become,
 * and on sequences, the database and settings. The list is empty for a superuser and for an owner of the tables, which have all.
 */
export async function readRolePowers(client: DatabaseClient, rights: Rights): Promise<RolePower[]> {
  const powers = await client.$queryRaw<RolePower[]>`
    WITH roles AS (
      SELECT oid, rolname,
        array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
          CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
          CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL) AS attributes
      FROM pg_roles WHERE pg_has_role(oid, 'MEMBER')
    )
    SELECT power, statement FROM (
      SELECT 1 AS place, attribute AS power, format('ALTER ROLE %I NO%s', rolname, attribute) AS statement
      FROM roles, unnest(attributes) AS attribute WHERE rolname = current_user
      UNION ALL
      -- Attributes are not inherited, but a member may become the role that has them. It may also become a role without
      -- inheriting its privileges, which no has_..._privilege shows. The predefined roles listed here only read
      -- statistics (which "steward db slow" needs) and settings.
      SELECT 2, format('membership in %s', rolname), format('REVOKE %I FROM %I', rolname, current_user)
      FROM roles
      WHERE rolname NOT IN (current_user, 'pg_database_owner') AND (attributes <> '{}' OR NOT pg_has_role(oid, 'USAGE')
        OR rolname LIKE 'pg\\_%' AND rolname NOT IN ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats',
          'pg_stat_scan_tables', 'pg_use_reserved_connections'))
      UNION ALL
      SELECT 3, format('UPDATE on sequence %s', relname), format('REVOKE UPDATE ON SEQUENCE %s FROM PUBLIC, %I', seqrelid::regclass, current_user)
      FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
      WHERE relnamespace = 'public'::regnamespace AND has_sequence_privilege(seqrelid, 'UPDATE')
      UNION ALL
      SELECT 4, format('%s on database %s', privilege, datname), CASE WHEN pg_has_role(datdba, 'USAGE')
        THEN format('ALTER DATABASE %I OWNER TO steward_owner', datname)
        ELSE format('REVOKE %s ON DATABASE %I FROM PUBLIC, %I', privilege, datname, current_user) END
      FROM pg_database, unnest('{CREATE,TEMPORARY}'::text[]) AS privilege
      WHERE datname = current_database() AND has_database_privilege(oid, privilege)
    ) AS held
    WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
      AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${Object.keys(rights)}::text[])
        AND pg_has_role(relowner, 'MEMBER'))
    ORDER BY place, power`;
  return [...powers, ...(await readParameterPowers(client))];
}

/**
 * Reads the settings of superusers that the role may set. With session_replication_role it can pass triggers by.
 * PostgreSQL grants such rights from version 15 on.
 */
async function readParameterPowers(client: DatabaseClient): Promise<RolePower[]> {
  const [server] = await client.$queryRaw<{ grants: boolean }[]>`
    SELECT current_setting('server_version_num')::int >= 150000 AS grants`;
  if (!server?.grants) return [];
  return client.$queryRaw<RolePower[]>`
    SELECT format('%s on parameter %s', privilege, parname) AS power,
      format('REVOKE %s ON PARAMETER %s FROM PUBLIC, %I', privilege, parname, current_user) AS statement
    FROM pg_parameter_acl, unnest('{SET,ALTER SYSTEM}'::text[]) AS privilege
    WHERE has_parameter_privilege(parname, privilege)
      AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    ORDER BY power`;
}
