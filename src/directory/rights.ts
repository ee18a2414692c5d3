import type { Rights } from '../database/privileges.js';

/** The scopes of the staff directory, which callers may have. */
export const DIRECTORY_SCOPES = ['directory:read', 'directory:write', 'audit:read'] as const;

/** The rights on tables that the tools need. prisma/roles.sql grants the same. */
const DIRECTORY_RIGHTS: Rights = {
  tables: {
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
  },
  sequences: ['departments_id_seq', 'users_id_seq', 'user_audit_log_id_seq'],
};

/** Those of the tools that are served. Without writes, reading all tables is enough. */
export function rightsFor(readOnly: boolean): Rights {
  if (!readOnly) return DIRECTORY_RIGHTS;
  const tables = Object.keys(DIRECTORY_RIGHTS.tables).map((table) => [table, {}] as const);
  return { tables: Object.fromEntries(tables), sequences: [] };
}
