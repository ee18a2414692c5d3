import type { PrismaClient } from '../generated/prisma/client.js';
import { AuditLog } from './audit-log.js';
import { Departments, type DepartmentChanges } from './departments.js';
import { Preferences } from './preferences.js';
import { listRoles } from './roles.js';
import { UserChanges } from './user-changes.js';
import { Users } from './users.js';

/** The staff directory: what can be asked of it and done to it, whoever asks. */
export interface Directory {
  users: Users;
  changes: UserChanges;
  departments: Departments;
  preferences: Preferences;
  auditLog: AuditLog;
  roles(): Promise<string[]>;
}

export interface DirectoryOptions {
  departmentsTtlMs: number;
  /** Absent where nobody tells of changes. */
  departmentChanges: DepartmentChanges | undefined;
}

export function createDirectory(prisma: PrismaClient, options: DirectoryOptions): Directory {
  const departments = new Departments(prisma, options.departmentsTtlMs, options.departmentChanges);
  return {
    users: new Users(prisma, departments),
    changes: new UserChanges(prisma, departments),
    departments,
    preferences: new Preferences(prisma),
    auditLog: new AuditLog(prisma),
    roles: () => listRoles(prisma),
  };
}
