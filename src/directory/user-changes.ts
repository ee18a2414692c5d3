import { violatedUniqueIndex } from '../database/errors.js';
import type { Context } from '../capability/define.js';
import { StewardError } from '../errors.js';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { auditRow, changeUser, type UserChange } from './audited-change.js';
import type { Departments } from './departments.js';
import { OWN_COLUMNS, toUser, USER_COLUMNS, type User, type UserRow } from './users.js';

/** The controlled writes on users. Each leaves its audit row, or leaves everything as it was. */
export class UserChanges {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly departments: Departments,
  ) {}

  /**
   * @throws StewardError CONFLICT naming what is taken (the unique indexes decide, not a look beforehand),
   * NOT_FOUND for an unknown department
   */
  async create(
    data: { username: string; email: string; department: string; role: string },
    { author, signal }: Context,
  ): Promise<User> {
    const { username, email, role } = data;
    const department = await this.departments.find(data.department);
    const created = { field: 'created', oldValue: null, newValue: username };
    signal.throwIfAborted();
    try {
      const row = await this.prisma.user.create({
        data: {
          username,
          email,
          role,
          departmentId: department.id,
          auditLog: { create: auditRow(created, author) },
        },
        select: USER_COLUMNS,
      });
      return toUser(row);
    } catch (error) {
      throw takenBy(error, username, email) ?? error;
    }
  }

  /** @throws StewardError NOT_FOUND for an unknown user or department, CONFLICT for an inactive user */
  async transfer(userId: number, newDepartment: string, context: Context): Promise<UserChange> {
    const target = await this.departments.find(newDepartment);
    return changeUser(this.prisma, userId, context, async (tx, user) => {
      if (!user.active) {
        throw new StewardError(
          'CONFLICT',
          `User ${user.username} is inactive and cannot be transferred. Reactivate with set_user_active first.`,
        );
      }
      if (user.departmentId === target.id) return null;
      const { name } = target;
      const moved = { ...(await update(tx, userId, { departmentId: target.id })), department: { name } };
      return { field: 'department', oldValue: user.department.name, newValue: name, user: moved };
    });
  }

  /** @throws StewardError NOT_FOUND */
  async setActive(userId: number, active: boolean, context: Context): Promise<UserChange> {
    return changeUser(this.prisma, userId, context, async (tx, user) => {
      if (user.active === active) return null;
      const changed = { ...user, ...(await update(tx, userId, { active })) };
      return { field: 'active', oldValue: String(user.active), newValue: String(active), user: changed };
    });
  }

  /** @throws StewardError NOT_FOUND */
  async setRole(userId: number, role: string, context: Context): Promise<UserChange> {
    return changeUser(this.prisma, userId, context, async (tx, user) => {
      if (user.role === role) return null;
      const changed = { ...user, ...(await update(tx, userId, { role })) };
      return { field: 'role', oldValue: user.role, newValue: role, user: changed };
    });
  }
}

/** Gives back the row as it is now, so that it need not be read once more. */
function update(
  tx: Prisma.TransactionClient,
  id: number,
  data: Pick<Prisma.UserUncheckedUpdateInput, 'active' | 'role' | 'departmentId'>,
): Promise<Omit<UserRow, 'department'>> {
  return tx.user.update({ where: { id }, data, select: OWN_COLUMNS });
}

function takenBy(error: unknown, username: string, email: string): StewardError | undefined {
  const index = violatedUniqueIndex(error);
  if (index === 'users_username_key') {
    return new StewardError(
      'CONFLICT',
      `The username "${username}" is taken. Choose another, or look at the user who has it with get_user.`,
    );
  }
  if (index === 'users_email_key') {
    return new StewardError(
      'CONFLICT',
      `The email "${email}" is taken. Use another, or look at the user who has it with get_user.`,
    );
  }
  return undefined;
}
