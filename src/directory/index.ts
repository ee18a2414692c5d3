import type { PrismaClient } from '../generated/prisma/client.js';
import { AuditLog } from './audit-log.js';
import { Departments } from './departments.js';
import { Preferences } from './preferences.js';
import type { Keeping } from './keeping.js';
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

export function createDirectory(prisma: PrismaClient, keeping: Keeping): Directory {
  const departments = new Departments(prisma, keeping);
  return {
    users: new Users(prisma, departments, keeping),
    changes: new UserChanges(prisma, departments),
    departments,
    preferences: new Preferences(prisma),
    auditLog: new AuditLog(prisma),
    roles: () => listRoles(prisma),
  };
}
