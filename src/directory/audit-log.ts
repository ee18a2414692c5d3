import type { Cursors } from '../capability/answer/cursor.js';
import type { PrismaClient, UserAuditLog } from '../generated/prisma/client.js';
import { noSuchUser } from './users.js';

export type AuditEntry = Omit<UserAuditLog, 'userId'>;

/** The append-only record of changes. */
export class AuditLog {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Returns a user's changes, newest first, after the cursor: one more than `limit` if there are more.
   * @throws StewardError NOT_FOUND for an unknown user, VALIDATION for an invalid cursor
   */
  async ofUser(userId: number, limit: number, cursor?: string): Promise<AuditEntry[]> {
    const [before] =
      cursor === undefined ? [] : this.cursors.decode(cursor, ['history', userId], [Number.MAX_SAFE_INTEGER]);
    const [user, entries] = await Promise.all([
      this.prisma.user.findFirst({ where: { id: userId }, select: { id: true } }),
      this.prisma.userAuditLog.findMany({
        where: { userId, ...(before !== undefined && { id: { lt: before } }) },
        orderBy: { id: 'desc' },
        take: limit + 1,
        omit: { userId: true },
      }),
    ]);
    if (!user) throw noSuchUser('id', userId);
    return entries;
  }

  /** The cursor for the changes before `entry`. */
  cursorAfter(userId: number, entry: AuditEntry): string {
    return this.cursors.encode([Number(entry.id)], ['history', userId]);
  }
}
