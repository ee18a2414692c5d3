import type { Rights } from '../database/privileges.js';

/** The scopes of the staff directory, which callers may have. */
export const DIRECTORY_SCOPES = ['directory:read', 'directory:write', 'audit:read'] as const;

/** The rights on tables that the tools need. prisma/roles.sql grants the same. */
export const DIRECTORY_RIGHTS: Rights = {
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
