import type { Rights } from '../database/privileges.js';
import type { DirectoryTool } from './define-tool.js';

/** The scopes of the staff directory, which callers may have. */
export const DIRECTORY_SCOPES = ['directory:read', 'directory:write', 'audit:read'] as const;

/** A write on the answer of a person uses it. */
export const USES_ANSWER: Rights = { used_answers: { INSERT: ['id'] } };

/** Tables of which a user is read. */
export const READS_USER: Rights = { users: {}, departments: {} };

const AUDIT_ROW: Rights = {
  user_audit_log: {
    INSERT: ['user_id', 'field_changed', 'old_value', 'new_value', 'actor', 'tool', 'request_id'],
    sequence: 'user_audit_log_id_seq',
  },
};

/** A new user and its audit row. */
export const CREATES_USER: Rights = {
  ...READS_USER,
  ...AUDIT_ROW,
  users: {
    INSERT: ['username', 'email', 'department_id', 'role', 'active', 'created_at', 'updated_at'],
    sequence: 'users_id_seq',
  },
};

/** Any change of a user, with its audit row. For the lock on the user's row, PostgreSQL asks for UPDATE on a column. */
export const CHANGES_USER: Rights = { ...READS_USER, ...AUDIT_ROW, users: { UPDATE: ['updated_at'] } };

/** Read at each start, and for completions. */
const SERVES: Rights = { _prisma_migrations: {}, departments: {}, headcounts: {} };

/** All that these tools need, and what is needed without any. */
export function rightsOf(tools: readonly DirectoryTool[]): Rights {
  const all = [SERVES, ...tools.flatMap(({ rights }) => rights)];
  const names = new Set(all.flatMap((rights) => Object.keys(rights)));
  return Object.fromEntries(
    [...names].toSorted().map((name) => {
      const ofTable = all.flatMap((rights) => rights[name] ?? []);
      const sequence = ofTable.find((one) => one.sequence !== undefined)?.sequence;
      const columns = (of: 'INSERT' | 'UPDATE') => [...new Set(ofTable.flatMap((one) => one[of] ?? []))];
      return [
        name,
        { INSERT: columns('INSERT'), UPDATE: columns('UPDATE'), ...(sequence !== undefined && { sequence }) },
      ];
    }),
  );
}
