import type { Author } from '../capability/define.js';
import type { Prisma } from '../generated/prisma/client.js';
import { quote } from '../visible-text.js';
import { showTime } from './times.js';
import { noSuchUser, type User } from './users.js';
import type { WriteContext, Writes } from './writes.js';

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

/** A change that was made. */
type MadeChange = FieldChange & {
  /** The changed row, as its statement returned it; absent if the row did not change. */
  user?: User;
  /**
   * Says it in a sentence.
   * @param who the user
   * @param from ` from "the old value"`; empty for a caller who may not read it
   */
  words(who: string, from: string): string;
};

/** The only road to a write on users: each change and its audit row are one transaction. */
export class AuditedUsers {
  constructor(private readonly writes: Writes) {}

  /**
   * Changes one user and writes the audit row. The user's row is locked first, so that changes of one user follow each
   * other, and each old value is the new value of the audit row before.
   *
   * @param apply changes the locked user and returns the change; null if there is nothing to change
   * @throws StewardError NOT_FOUND for an unknown user, and errors of `apply` and Writes.run
   */
  change(
    userId: number,
    context: WriteContext,
    apply: (tx: Prisma.TransactionClient, user: LockedUser) => Promise<MadeChange | null>,
  ): Promise<UserChange> {
    return this.writes.run<UserChange>(context, async (tx) => {
      const locked = await lockUser(tx, userId);
      const made = await apply(tx, locked);
      if (made === null) return { result: { user: locked, change: null }, words: null };
      const { user = locked, words, ...change } = made;
      const data = { userId, ...auditRow(change, context.author) };
      await tx.userAuditLog.create({ data, select: { id: true } });
      return {
        result: { user, change },
        words: describe(locked, change, words, context),
        basis: change.oldValue,
      };
    });
  }

  /**
   * @param insert adds the user together with this audit row, and says it in a sentence
   */
  create<Created>(
    username: string,
    context: WriteContext,
    insert: (
      tx: Prisma.TransactionClient,
      row: ReturnType<typeof auditRow>,
    ) => Promise<{ result: Created; words: string }>,
  ): Promise<Created> {
    const created = { field: 'created', oldValue: null, newValue: username };
    return this.writes.run(context, (tx) => insert(tx, auditRow(created, context.author)));
  }
}

/** To a caller who may not read users, a question tells no more of one than the call itself. */
function describe(
  user: User,
  { oldValue }: FieldChange,
  words: MadeChange['words'],
  { scopes }: WriteContext,
): string {
  if (!scopes.has('directory:read')) return words(`user ${user.id}`, '');
  const from = oldValue === null ? '' : ` from ${quote(oldValue)}`;
  return words(`user ${user.id} (${quote(user.username)})`, from);
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
