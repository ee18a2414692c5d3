import { Prisma, type PrismaClient } from '../generated/prisma/client.js';
import { noSuchUser, toUser, USER_COLUMNS, type User } from './users.js';

/** Who changes something, and by which call: part of every audit row. */
export interface Author {
  actor: string;
  tool: string;
  requestId: string;
  /** Aborted when the caller no longer waits: what is not committed by then is rolled back. */
  signal: AbortSignal;
}

export interface LockedUser {
  id: number;
  username: string;
  active: boolean;
  role: string;
  departmentId: number;
}

export interface FieldChange {
  field: string;
  oldValue: string | null;
  newValue: string | null;
}

export interface UserChange {
  user: User;
  /** Null where the user already was as asked, and nothing was written. */
  change: FieldChange | null;
}

type Transaction = Prisma.TransactionClient;

/** Makes a change on the user, who is locked, and says what it was; null for nothing to do. */
export type ApplyChange = (tx: Transaction, user: LockedUser) => Promise<FieldChange | null>;

/**
 * In milliseconds. How long a call waits for a connection is the pool's to say, so Prisma's own limit for that stays out
 * of its way. Whatever the limits, the look at the signal before the commit keeps a change from being made that its
 * caller was told had failed.
 */
const TRANSACTION_LIMITS = { maxWait: 60_000, timeout: 6000 };

/**
 * Changes one user and writes the audit row, in one transaction: both happen or neither. The user's row is locked
 * first, so that changes of one user follow each other, and each old value is the new value of the row before.
 *
 * @throws StewardError NOT_FOUND for an unknown user, and whatever `apply` throws
 */
export async function changeUser(
  prisma: PrismaClient,
  userId: number,
  author: Author,
  apply: ApplyChange,
): Promise<UserChange> {
  return prisma.$transaction(async (tx) => {
    const locked = await lockUser(tx, userId);
    const change = await apply(tx, locked);
    if (change) await record(tx, userId, change, author);
    const user = await tx.user.findUniqueOrThrow({
      where: { id: userId },
      select: USER_COLUMNS,
      relationLoadStrategy: 'join',
    });
    author.signal.throwIfAborted();
    return { user: toUser(user), change };
  }, TRANSACTION_LIMITS);
}

/**
 * Prisma Client has no row locks of its own, hence the one raw statement of the domain. It must not join: where it had to
 * wait, PostgreSQL holds the user as changed meanwhile against the rows joined before, and would find no such user.
 */
async function lockUser(tx: Transaction, userId: number): Promise<LockedUser> {
  const [user] = await tx.$queryRaw<LockedUser[]>`
    SELECT id, username::text, active, role::text, department_id AS "departmentId"
    FROM users WHERE id = ${userId} FOR UPDATE`;
  if (user) return user;
  throw noSuchUser('id', userId);
}

async function record(tx: Transaction, userId: number, change: FieldChange, by: Author): Promise<void> {
  await tx.userAuditLog.create({ data: { userId, ...auditRow(change, by) }, select: { id: true } });
}

export function auditRow({ field, oldValue, newValue }: FieldChange, { actor, tool, requestId }: Author) {
  return { fieldChanged: field, oldValue, newValue, actor, tool, requestId };
}
