import type { Cursors } from '../capability/answer/cursor.js';
import type { PrismaClient, UserAuditLog } from '../generated/prisma/client.js';
import { isOdd, showTime } from './times.js';
import { noSuchUser } from './users.js';

/** The time is as answers show it. */
export type AuditEntry = Omit<UserAuditLog, 'userId' | 'changedAt'> & { changedAt: string };

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
      cursor === undefined ? [] : (this.cursors.decode(cursor, ['history', userId]) as [string]);
    const [user, entries] = await Promise.all([
      this.prisma.user.findFirst({ where: { id: userId }, select: { id: true } }),
      this.prisma.userAuditLog.findMany({
        where: { userId, ...(before !== undefined && { id: { lt: BigInt(before) } }) },
        orderBy: { id: 'desc' },
        take: limit + 1,
        omit: { userId: true },
      }),
    ]);
    if (!user) throw noSuchUser('id', userId);
    const odd = entries.filter(({ changedAt }) => isOdd(changedAt)).map(({ id }) => id);
    const texts = odd.length === 0 ? [] : await this.#readTimes(userId, odd);
    return entries.map((entry) => ({
      ...entry,
      changedAt: showTime(texts.find(({ id }) => id === entry.id)?.changedAt ?? entry.changedAt),
    }));
  }

  #readTimes(userId: number, ids: bigint[]) {
    return this.prisma.$queryRaw<{ id: bigint; changedAt: string }[]>`
      SELECT id, changed_at::text AS "changedAt" FROM public.user_audit_log
      WHERE user_id = ${userId} AND id = ANY (${ids})`;
  }

  /** The cursor for the changes before `entry`. */
  cursorAfter(userId: number, entry: AuditEntry): string {
    return this.cursors.encode([String(entry.id)], ['history', userId]);
  }
}
