import type { Cursors } from '../capability/answer/cursor.js';
import type { WriteShare } from '../database/write-share.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { AuditLog } from './audit-log.js';
import { AuditedUsers } from './audited-change.js';
import { Departments } from './departments.js';
import { Preferences } from './preferences.js';
import { UserChanges } from './user-changes.js';
import { Users } from './users.js';

/** The reads and writes of the staff directory, for any caller. */
export type Directory = ReturnType<typeof createServices>;

/**
 * Creates the services. The migrations of the database must be current.
 * @param writes the connections that writes may hold
 * @param cacheTtlMs milliseconds for which names and ids of departments are cached; 0: no cache
 */
export function createServices(
  prisma: PrismaClient,
  writes: WriteShare,
  cacheTtlMs: number,
  cursors: Cursors,
) {
  const departments = new Departments(prisma, writes, cacheTtlMs);
  const users = new AuditedUsers(prisma, writes);
  return {
    users: new Users(prisma, departments, cursors),
    changes: new UserChanges(users, departments),
    departments,
    preferences: new Preferences(prisma, users),
    auditLog: new AuditLog(prisma, cursors),
  };
}
