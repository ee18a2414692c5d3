import { violatedUniqueIndex } from '../database/translate-error.js';
import { StewardError } from '../errors.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { auditRow, changeUser, type ApplyChange, type Author, type UserChange } from './audited-change.js';
import type { Departments } from './departments.js';
import { toUser, USER_COLUMNS, type User, type Users } from './users.js';

/** The controlled writes on users. Each leaves its audit row, or leaves everything as it was. */
export class UserChanges {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly departments: Departments,
    private readonly users: Users,
  ) {}

  /**
   * @throws StewardError CONFLICT naming what is taken (the unique indexes decide, not a look beforehand),
   * NOT_FOUND for an unknown department
   */
  async create(
    data: { username: string; email: string; department: string; role: string },
    author: Author,
  ): Promise<User> {
    const { username, email, role } = data;
    const department = await this.departments.find(data.department);
    const created = { field: 'created', oldValue: null, newValue: username };
    author.signal.throwIfAborted();
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
    } finally {
      this.#invalidate();
    }
  }

  /** @throws StewardError NOT_FOUND for an unknown user or department, CONFLICT for an inactive user */
  async transfer(userId: number, newDepartment: string, author: Author): Promise<UserChange> {
    const target = await this.departments.find(newDepartment);
    return this.#change(userId, author, async (tx, user) => {
      if (!user.active) {
        throw new StewardError(
          'CONFLICT',
          `User ${user.username} is inactive and cannot be transferred. Reactivate with set_user_active first.`,
        );
      }
      if (user.departmentId === target.id) return null;
      const left = await tx.department.findUniqueOrThrow({ where: { id: user.departmentId } });
      await tx.user.update({
        where: { id: userId },
        data: { departmentId: target.id },
        select: { id: true },
      });
      return { field: 'department', oldValue: left.name, newValue: target.name };
    });
  }

  /** @throws StewardError NOT_FOUND */
  async setActive(userId: number, active: boolean, author: Author): Promise<UserChange> {
    return this.#change(userId, author, async (tx, user) => {
      if (user.active === active) return null;
      await tx.user.update({ where: { id: userId }, data: { active }, select: { id: true } });
      return { field: 'active', oldValue: String(user.active), newValue: String(active) };
    });
  }

  /** @throws StewardError NOT_FOUND */
  async setRole(userId: number, role: string, author: Author): Promise<UserChange> {
    return this.#change(userId, author, async (tx, user) => {
      if (user.role === role) return null;
      await tx.user.update({ where: { id: userId }, data: { role }, select: { id: true } });
      return { field: 'role', oldValue: user.role, newValue: role };
    });
  }

  async #change(userId: number, author: Author, apply: ApplyChange): Promise<UserChange> {
    try {
      return await changeUser(this.prisma, userId, author, apply);
    } finally {
      this.#invalidate();
    }
  }

  /** Also after a failure: a commit whose confirmation was lost may have been made. */
  #invalidate(): void {
    this.departments.invalidate();
    this.users.invalidate();
  }
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
