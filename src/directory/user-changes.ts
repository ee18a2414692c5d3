import { violatedUniqueIndex, violatesForeignKey } from '../database/errors.js';
import { StewardError } from '../errors.js';
import { quote, toVisibleJson } from '../visible-text.js';
import type { Prisma } from '../generated/prisma/client.js';
import type { AuditedUsers, UserChange } from './audited-change.js';
import { toUserRecord, type UserRecord } from './answers.js';
import { lookUpDepartment, UnknownDepartment, type Departments } from './departments.js';
import { showTime } from './times.js';
import { USER, type User } from './users.js';
import type { WriteContext } from './writes.js';

/**
 * The writes on users. Each change and its audit row are one transaction. Departments are looked up in that transaction,
 * because a cached id may be another department's by now.
 */
export class UserChanges {
  constructor(
    private readonly users: AuditedUsers,
    private readonly departments: Departments,
  ) {}

  /**
   * @throws StewardError CONFLICT that names the taken value (the unique indexes decide, not a query beforehand),
   * NOT_FOUND for an unknown department, or CONFLICT if it is deleted meanwhile
   */
  async create(
    data: { username: string; email: string; department: string; role: string },
    context: WriteContext,
  ): Promise<UserRecord> {
    const { username, email, role } = data;
    const created = this.users.create(username, context, async (tx, auditRow) => {
      const { id: departmentId, name } = await lookUpDepartment(tx, data.department);
      const row = await tx.user.create({
        data: { username, email, role, departmentId, auditLog: { create: auditRow } },
        omit: USER.omit,
      });
      // Made before the commit: a row that cannot be shown is not kept either, and its caller told that it failed.
      const [createdAt, updatedAt] = [showTime(row.createdAt), showTime(row.updatedAt)];
      return {
        result: toUserRecord({ ...row, createdAt, updatedAt, department: { name } }),
        words: `Create the user ${quote(username)} with the email ${toVisibleJson(email)}, in the department ${quote(name)}, with the role ${quote(role)}.`,
      };
    });
    return created.catch(async (error: unknown) => {
      throw (
        translateTaken(error, username, email) ??
        (await this.#translateDepartment(error, data.department, context))
      );
    });
  }

  /** @throws StewardError NOT_FOUND for an unknown user or department, CONFLICT for an inactive user, or if the department is deleted meanwhile */
  async transfer(userId: number, newDepartment: string, context: WriteContext): Promise<UserChange> {
    const change = this.users.change(userId, context, async (tx, user) => {
      const target = await lookUpDepartment(tx, newDepartment);
      if (!user.active) {
        throw new StewardError(
          'CONFLICT',
          `User ${userId} is inactive and cannot be transferred. Reactivate with set_user_active first.`,
        );
      }
      if (user.departmentId === target.id) return null;
      const { name } = target;
      const moved = { ...(await update(tx, user, { departmentId: target.id })), department: { name } };
      return {
        field: 'department',
        oldValue: user.department.name,
        newValue: name,
        user: moved,
        words: (who, from) => `Move ${who}${from} to the department ${quote(name)}.`,
      };
    });
    return change.catch(async (error: unknown) => {
      throw await this.#translateDepartment(error, newDepartment, context);
    });
  }

  /** @throws StewardError NOT_FOUND */
  setActive(userId: number, active: boolean, context: WriteContext): Promise<UserChange> {
    const words = (who: string) => `${active ? 'Reactivate' : 'Deactivate'} ${who}.`;
    return this.#set(userId, 'active', active, context, words);
  }

  /** @throws StewardError NOT_FOUND */
  setRole(userId: number, role: string, context: WriteContext): Promise<UserChange> {
    const words = (who: string, from: string) => `Change the role of ${who}${from} to ${quote(role)}.`;
    return this.#set(userId, 'role', role, context, words);
  }

  #set<Field extends 'active' | 'role'>(
    userId: number,
    field: Field,
    value: User[Field],
    context: WriteContext,
    words: (who: string, from: string) => string,
  ) {
    return this.users.change(userId, context, async (tx, user) => {
      if (user[field] === value) return null;
      const changed = await update(tx, user, { [field]: value });
      return { field, oldValue: String(user[field]), newValue: String(value), user: changed, words };
    });
  }

  /** Outside of the transaction: the names of others need not be read while it waits. */
  async #translateDepartment(error: unknown, name: string, context: WriteContext): Promise<unknown> {
    if (error instanceof UnknownDepartment) return this.departments.unknown(name, context);
    if (!violatesForeignKey(error)) return error;
    return new StewardError(
      'CONFLICT',
      `The department ${quote(name)} was deleted meanwhile. Nothing was changed. Choose another from list_departments.`,
    );
  }
}

/** Returns the user as changed, which saves a query. */
async function update<Locked extends User>(
  tx: Prisma.TransactionClient,
  user: Locked,
  data: Pick<Prisma.UserUncheckedUpdateInput, 'active' | 'role' | 'departmentId'>,
): Promise<Locked> {
  const select = { active: true, role: true, updatedAt: true };
  const { updatedAt, ...changed } = await tx.user.update({ where: { id: user.id }, data, select });
  return { ...user, ...changed, updatedAt: showTime(updatedAt) };
}

function translateTaken(error: unknown, username: string, email: string): StewardError | undefined {
  const taken = new Map([
    ['users_username_key', `The username ${quote(username)} is taken. Choose another`],
    ['users_email_key', `The email ${quote(email)} is taken. Use another`],
  ]).get(violatedUniqueIndex(error) ?? '');
  return taken === undefined
    ? undefined
    : new StewardError('CONFLICT', `${taken}, or look at the user who has it with get_user.`);
}
