import type { Author, Context } from '../capability/define.js';
import { repeatUndone } from '../database/repeat.js';
import type { WriteShare } from '../database/write-share.js';
import { Prisma, type PrismaClient } from '../generated/prisma/client.js';
import { showTime } from './times.js';
import { noSuchUser, type User } from './users.js';

/** A user whose row is locked until the transaction ends. */
type LockedUser = User & { departmentId: number };

export interface FieldChange {
  field: string;
  oldValue: string | null;
  newValue: string | null;
}

export interface UserChange {
  user: User;
  /** Null if the user already had the requested value: then nothing was written. */
  change: FieldChange | null;
}

/** A change that was made. `user` is the changed row, as its statement returned it; absent if the row did not change. */
type MadeChange = FieldChange & { user?: User };

/**
 * Milliseconds. The pool limits the wait for a connection, so Prisma's own limit for it is longer. Independent of both,
 * the check of the signal before the commit keeps a change from being made after its caller got an error.
 */
const TRANSACTION_LIMITS = { maxWait: 60_000, timeout: 6000 };

/** Runs work in a transaction; again, if the database undid it for the sake of another one. */
export function inTransaction<Result>(
  prisma: PrismaClient,
  work: (tx: Prisma.TransactionClient) => Promise<Result>,
): Promise<Result> {
  return repeatUndone(() => prisma.$transaction(work, TRANSACTION_LIMITS));
}

/** The only road to a write on users: each change and its audit row are one transaction. */
export class AuditedUsers {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly writes: WriteShare,
  ) {}

  /**
   * Changes one user and writes the audit row. The user's row is locked first, so that changes of one user follow each
   * other, and each old value is the new value of the audit row before.
   *
   * @param apply changes the locked user and returns the change; null if there is nothing to change
   * @throws StewardError NOT_FOUND for an unknown user, and errors of `apply`
   */
  change(
    userId: number,
    context: Context,
    apply: (tx: Prisma.TransactionClient, user: LockedUser) => Promise<MadeChange | null>,
  ): Promise<UserChange> {
    return this.#transaction(context, async (tx) => {
      const locked = await lockUser(tx, userId);
      const made = await apply(tx, locked);
      if (made === null) return { user: locked, change: null };
      const { user = locked, ...change } = made;
      const data = { userId, ...auditRow(change, context.author) };
      await tx.userAuditLog.create({ data, select: { id: true } });
      return { user, change };
    });
  }

  /** @param insert adds the user together with this audit row */
  create<Created>(
    username: string,
    context: Context,
    insert: (tx: Prisma.TransactionClient, row: ReturnType<typeof auditRow>) => Promise<Created>,
  ): Promise<Created> {
    const created = { field: 'created', oldValue: null, newValue: username };
    return this.#transaction(context, (tx) => insert(tx, auditRow(created, context.author)));
  }

  #transaction<Result>(
    { signal }: Context,
    work: (tx: Prisma.TransactionClient) => Promise<Result>,
  ): Promise<Result> {
    return this.writes.run(signal, () =>
      inTransaction(this.prisma, async (tx) => {
        const result = await work(tx);
        signal.throwIfAborted();
        return result;
      }),
    );
  }
}

/**
 * Raw, because Prisma Client has no row locks. It must not join: after a wait for the
 * lock PostgreSQL compares the changed user with the rows that it joined before, and would find no such user.
 */
async function lockUser(tx: Prisma.TransactionClient, userId: number): Promise<LockedUser> {
  const [found] = await tx.$queryRaw<(Omit<LockedUser, 'department'> & { name: string | null })[]>`
    SELECT id, username::text, email::text, role::text, active, department_id AS "departmentId",
      created_at::text AS "createdAt", updated_at::text AS "updatedAt",
      (SELECT name::text FROM public.departments WHERE id = department_id) AS name
    FROM public.users WHERE id = ${userId} FOR UPDATE`;
  if (!found) throw noSuchUser('id', userId);
  const { name, ...user } = found;
  // During the wait the user may have moved to a new department, which the statement does not see.
  const department =
    name === null
      ? await tx.department.findFirstOrThrow({ where: { id: user.departmentId }, select: { name: true } })
      : { name };
  return { ...user, createdAt: showTime(user.createdAt), updatedAt: showTime(user.updatedAt), department };
}

function auditRow({ field, oldValue, newValue }: FieldChange, { actor, tool, requestId }: Author) {
  return { fieldChanged: field, oldValue, newValue, actor, tool, requestId };
}
