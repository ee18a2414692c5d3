import type { Cursors } from '../capability/answer/cursor.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { AuditLog } from './audit-log.js';
import { Departments } from './departments.js';
import { Preferences } from './preferences.js';
import { listRoles } from './roles.js';
import { UserChanges } from './user-changes.js';
import { Users } from './users.js';

/** The staff directory: what can be read of it and done to it, for any caller. */
export interface Directory {
  users: Users;
  changes: UserChanges;
  departments: Departments;
  preferences: Preferences;
  auditLog: AuditLog;
  roles(): Promise<string[]>;
}

/**
 * The directory in a database whose migrations are current.
 * @param cacheTtlMs how long names and ids of departments are cached, in milliseconds; 0: they are not
 */
export function createServices(prisma: PrismaClient, cacheTtlMs: number, cursors: Cursors): Directory {
  const departments = new Departments(prisma, cacheTtlMs);
  return {
    users: new Users(prisma, departments, cursors),
    changes: new UserChanges(prisma),
    departments,
    preferences: new Preferences(prisma),
    auditLog: new AuditLog(prisma, cursors),
    roles: () => listRoles(prisma),
  };
}
