import type { Cursors } from '../capability/answer/cursor.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { AuditLog } from './audit-log.js';
import { Departments } from './departments.js';
import { Preferences } from './preferences.js';
import { UserChanges } from './user-changes.js';
import { Users } from './users.js';

/** The reads and writes of the staff directory, for any caller. */
export type Directory = ReturnType<typeof createServices>;

/**
 * Creates the services. The migrations of the database must be current.
 * @param cacheTtlMs milliseconds for which names and ids of departments are cached; 0: no cache
 */
export function createServices(prisma: PrismaClient, cacheTtlMs: number, cursors: Cursors) {
  const departments = new Departments(prisma, cacheTtlMs);
  return {
    users: new Users(prisma, departments, cursors),
    changes: new UserChanges(prisma),
    departments,
    preferences: new Preferences(prisma),
    auditLog: new AuditLog(prisma, cursors),
  };
}
