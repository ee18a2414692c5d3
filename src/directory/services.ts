import type { Cursors } from '../capability/answer/cursor.js';
import type { Elicitations } from '../capability/elicitation.js';
import type { WriteShare } from '../database/write-share.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { AuditLog } from './audit-log.js';
import { AuditedUsers } from './audited-change.js';
import { Departments } from './departments.js';
import { Preferences } from './preferences.js';
import type { DirectorySettings } from './settings.js';
import { UserChanges } from './user-changes.js';
import { Users } from './users.js';
import { Writes } from './writes.js';

/** The reads and writes of the staff directory, for any caller. */
export type Directory = ReturnType<typeof createServices>;

/**
 * Creates the services. The migrations of the database must be current.
 * @param share the connections that writes may hold
 */
export function createServices(
  prisma: PrismaClient,
  share: WriteShare,
  { CACHE_TTL_MS: cacheTtlMs, CONFIRM_WRITES: confirms }: DirectorySettings,
  { cursors, elicitations }: { cursors: Cursors; elicitations: Elicitations },
) {
  const writes = new Writes(prisma, share, confirms);
  const departments = new Departments(prisma, writes, cacheTtlMs);
  const users = new AuditedUsers(writes);
  return {
    users: new Users(prisma, departments, cursors),
    changes: new UserChanges(users, departments),
    departments,
    preferences: new Preferences(prisma, users),
    auditLog: new AuditLog(prisma, cursors),
    elicitations,
  };
}
