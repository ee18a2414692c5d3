import type { DatabaseClient } from '../pool.js';
import type { Rights } from './rights.js';

/** A right to the server or the database that no tool needs, and the statement that revokes it. */
export interface RolePower {
  power: string;
  statement: string;
}

/**
 * Reads the rights of Steward's role beyond those on its tables: from its attributes, from the roles that it may become,
 * and on sequences and the database. The list is empty for a superuser and for an owner of the tables, which have all.
 */
export function readRolePowers(client: DatabaseClient, { tables }: Rights): Promise<RolePower[]> {
  return client.$queryRaw<RolePower[]>`
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
      AND NOT EXISTS (SELECT FROM pg_class WHERE oid = ANY (${Object.keys(tables)}::text[]::regclass[])
        AND pg_has_role(relowner, 'MEMBER'))
    ORDER BY place, power`;
}
