import type { Cursors } from '../capability/answer/cursor.js';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { StewardError } from '../errors.js';
import type { Departments } from './departments.js';
import { matchesSearch } from './search.js';

export interface User {
  id: number;
  username: string;
  email: string;
  department: string;
  role: string;
  active: boolean;
  createdAt: string;
  updatedAt: string;
}

/** A user must meet every criterion that is given. `active` defaults to true. */
export interface UserCriteria {
  department?: string | undefined;
  role?: string | undefined;
  active?: boolean | undefined;
  search?: string | undefined;
}

interface Count {
  /** The number of users that meet the criteria. With a search, counting stops at COUNTED_AT_MOST. */
  total: number;
  totalIsExact: boolean;
}

export interface UserPage extends Count {
  users: User[];
  page: number;
  pageSize: number;
  pages: number;
  nextCursor: string | null;
}

/** Counting every match of a common word would cost more than it is worth. */
const COUNTED_AT_MOST = 10_000;

/** The columns of a user's own row. */
export const OWN_COLUMNS = {
  id: true,
  username: true,
  email: true,
  role: true,
  active: true,
  createdAt: true,
  updatedAt: true,
} satisfies Prisma.UserSelect;

export const USER_COLUMNS = {
  ...OWN_COLUMNS,
  department: { select: { name: true } },
} satisfies Prisma.UserSelect;

export type UserRow = Prisma.UserGetPayload<{ select: typeof USER_COLUMNS }>;

/** What a cursor holds: created_at in milliseconds, id, page number. */
type PageEnd = [number, number, number];

/** Newest first. The id breaks ties, so that a page boundary between users of one millisecond loses none of them. */
const NEWEST_FIRST = [{ createdAt: 'desc' }, { id: 'desc' }] satisfies Prisma.UserOrderByWithRelationInput[];

export function toUser({
  id,
  username,
  email,
  department,
  role,
  active,
  createdAt,
  updatedAt,
}: UserRow): User {
  return {
    id,
    username,
    email,
    department: department.name,
    role,
    active,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function noSuchUser(field: string, value: string | number): StewardError {
  return new StewardError(
    'NOT_FOUND',
    `There is no user with ${field} ${JSON.stringify(value)}. find_users searches by part of a name or email.`,
  );
}

export class Users {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly departments: Departments,
    private readonly cursors: Cursors,
  ) {}

  /** The users created last, newest first, active or not. */
  recent(limit: number): Promise<User[]> {
    return this.#read({ take: limit });
  }

  /** @throws StewardError NOT_FOUND */
  async get(by: { id: number } | { username: string } | { email: string }): Promise<User> {
    // Not findUnique: Prisma joins the findUniques of concurrent calls into one statement, and cancelling one call would
    // cancel it for all.
    const row = await this.prisma.user.findFirst({
      where: by,
      select: USER_COLUMNS,
      relationLoadStrategy: 'join',
    });
    if (row) return toUser(row);
    const [field, value] = Object.entries(by)[0] as [string, string | number];
    throw noSuchUser(field, value);
  }

  /**
   * Returns one page of the users that meet the criteria. The cost of a page by number grows with depth; the cost of a
   * page after a cursor (keyset) does not.
   * @throws StewardError NOT_FOUND for an unknown department, VALIDATION for an invalid cursor
   */
  async find(
    criteria: UserCriteria,
    limit: number,
    at: { page?: number | undefined; cursor?: string | undefined },
  ): Promise<UserPage> {
    const scope = [
      criteria.department?.toLowerCase(),
      criteria.role?.toLowerCase(),
      criteria.active ?? true,
      criteria.search?.toLowerCase(),
    ];
    const after = at.cursor === undefined ? undefined : (this.cursors.decode(at.cursor, scope) as PageEnd);
    const where = await this.#where(criteria);
    const page = after ? after[2] + 1 : (at.page ?? 1);
    const [from, skip] = after ? [{ AND: [where, isAfter(after)] }, 0] : [where, (page - 1) * limit];
    const [rows, count] = await Promise.all([
      // One row more than the page holds shows that there is a next page.
      this.#readPage(from, limit + 1, skip, criteria.search !== undefined),
      this.#count(criteria, where),
    ]);
    const users = rows.slice(0, limit);
    const last = rows.length > limit ? users.at(-1) : undefined;
    return {
      users,
      ...count,
      page,
      pageSize: limit,
      pages: Math.ceil(count.total / limit),
      nextCursor: last ? this.cursors.encode([Date.parse(last.createdAt), last.id, page], scope) : null,
    };
  }

  /** Without a search or rows to skip, an index leads straight to the page: one query. Else two, see #readPageIds. */
  async #readPage(
    where: Prisma.UserWhereInput,
    take: number,
    skip: number,
    searching: boolean,
  ): Promise<User[]> {
    if (!searching && skip === 0) return this.#read({ where, take });
    const ids = await this.#readPageIds(where, take, skip);
    return ids.length === 0 ? [] : this.#read({ where: { id: { in: ids } } });
  }

  /**
   * A search, and a deep page by number, pass many users. A query for ids alone finds all that it needs in an index, and
   * does not fetch the users that it passes from the table.
   */
  async #readPageIds(where: Prisma.UserWhereInput, take: number, skip: number): Promise<number[]> {
    const found = await this.prisma.user.findMany({
      where,
      orderBy: NEWEST_FIRST,
      take,
      skip,
      select: { id: true },
    });
    return found.map(({ id }) => id);
  }

  async #read(which: Pick<Prisma.UserFindManyArgs, 'where' | 'take'>): Promise<User[]> {
    const rows = await this.prisma.user.findMany({
      ...which,
      orderBy: NEWEST_FIRST,
      select: USER_COLUMNS,
      relationLoadStrategy: 'join',
    });
    return rows.map(toUser);
  }

  async #where({ department, role, active = true, search }: UserCriteria): Promise<Prisma.UserWhereInput> {
    return {
      active,
      ...(department !== undefined && { departmentId: (await this.departments.find(department)).id }),
      ...(role !== undefined && { role }),
      ...(search !== undefined && matchesSearch(search)),
    };
  }

  /** Without a search, the sum of the head counts is exact and reads no user. */
  async #count({ search }: UserCriteria, where: Prisma.UserWhereInput): Promise<Count> {
    if (search === undefined) {
      const { _sum } = await this.prisma.headcount.aggregate({
        where: where as Prisma.HeadcountWhereInput,
        _sum: { users: true },
      });
      return { total: _sum.users ?? 0, totalIsExact: true };
    }
    // Prisma's default is the order of the primary key, which no index that holds the search text follows.
    const counted = await this.prisma.user.count({ where, orderBy: NEWEST_FIRST, take: COUNTED_AT_MOST + 1 });
    return { total: Math.min(counted, COUNTED_AT_MOST), totalIsExact: counted <= COUNTED_AT_MOST };
  }
}

/** In this form PostgreSQL starts its index scan at the cursor. With a plain OR it would scan and filter from the top. */
function isAfter([createdAtMs = 0, id = 0]: number[]): Prisma.UserWhereInput {
  const createdAt = new Date(createdAtMs);
  return { createdAt: { lte: createdAt }, OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] };
}
