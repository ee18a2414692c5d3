import type { Author, Context } from '../capability/define.js';
import { Prisma, type PrismaClient } from '../generated/prisma/client.js';
import { noSuchUser, toUser, type User, type UserRow } from './users.js';

/** A user as they are, and stay until the transaction ends. */
type LockedUser = UserRow & { departmentId: number };

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

/** A change that was made. `user`: as the statement that changed their row gave it back; absent where it is as it was. */
export type MadeChange = FieldChange & { user?: UserRow };

/** Makes a change on the user, who is locked, and says what it was; null for nothing to do. */
export type ApplyChange = (tx: Transaction, user: LockedUser) => Promise<MadeChange | null>;

/**
 * In milliseconds. How long a call waits for a connection is the pool's to say, so Prisma's own limit for that stays out
 * of its way. With any limits, the look at the signal before the commit keeps a change from being made that its
 * caller was told had failed.
 */
export const TRANSACTION_LIMITS = { maxWait: 60_000, timeout: 6000 };

/**
 * Changes one user and writes the audit row, in one transaction: both happen or neither. The user's row is locked
 * first, so that changes of one user follow each other, and each old value is the new value of the row before.
 *
 * @throws StewardError NOT_FOUND for an unknown user, and errors of `apply`
 */
export async function changeUser(
  prisma: PrismaClient,
  userId: number,
  { author, signal }: Context,
  apply: ApplyChange,
): Promise<UserChange> {
  return prisma.$transaction(async (tx) => {
    const locked = await lockUser(tx, userId);
    const made = await apply(tx, locked);
    if (made === null) return { user: toUser(locked), change: null };
    const { user = locked, ...change } = made;
    await record(tx, userId, change, author);
    signal.throwIfAborted();
    return { user: toUser(user), change };
  }, TRANSACTION_LIMITS);
}

/**
 * Prisma Client has no row locks of its own, hence the one raw statement of the domain. It must not join: where it had to
 * wait, PostgreSQL holds the user as changed meanwhile against the rows joined before, and would find no such user.
 */
async function lockUser(tx: Transaction, userId: number): Promise<LockedUser> {
  const [found] = await tx.$queryRaw<(Omit<LockedUser, 'department'> & { name: string | null })[]>`
    SELECT id, username::text, email::text, role::text, active, department_id AS "departmentId",
      created_at AS "createdAt", updated_at AS "updatedAt",
      (SELECT name::text FROM departments WHERE id = department_id) AS name
    FROM users WHERE id = ${userId} FOR UPDATE`;
  if (!found) throw noSuchUser('id', userId);
  const { name, ...user } = found;
  // A department that is younger than the statement, into which the user was moved while it waited, is not seen by it.
  const department = name === null ? await departmentOf(tx, user) : { name };
  return { ...user, department };
}

function departmentOf(
  tx: Transaction,
  { departmentId: id }: { departmentId: number },
): Promise<{ name: string }> {
  return tx.department.findFirstOrThrow({ where: { id }, select: { name: true } });
}

async function record(tx: Transaction, userId: number, change: FieldChange, by: Author): Promise<void> {
  await tx.userAuditLog.create({ data: { userId, ...auditRow(change, by) }, select: { id: true } });
}

export function auditRow({ field, oldValue, newValue }: FieldChange, { actor, tool, requestId }: Author) {
  return { fieldChanged: field, oldValue, newValue, actor, tool, requestId };
}
