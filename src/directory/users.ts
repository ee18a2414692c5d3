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

/** All that are given must hold; `active` defaults to true. */
export interface UserCriteria {
  department?: string | undefined;
  role?: string | undefined;
  active?: boolean | undefined;
  search?: string | undefined;
}

interface Count {
  /** How many users meet the criteria; with a search, counted up to COUNTED_AT_MOST. */
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

/** What a user's own row holds. */
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

/** Of a cursor: created_at in milliseconds, which a Date can hold up to here, id, number of the page. */
const LARGEST_POSITION = [8.64e15, 2 ** 31 - 1, 2 ** 31 - 1];

/** Newest first; the id settles ties, so that no page boundary falls between two users of one millisecond. */
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
    // Not findUnique: Prisma makes one statement of those that several calls ask in one moment, and it would end with the
    // first of them that is cancelled.
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
   * One page of the users that meet the criteria: by number, whose cost grows with depth, or after a cursor (keyset),
   * whose cost does not.
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
    const after =
      at.cursor === undefined ? undefined : this.cursors.decode(at.cursor, scope, LARGEST_POSITION);
    const where = await this.#where(criteria);
    const page = after ? (after[2] ?? 1) + 1 : (at.page ?? 1);
    const [from, skip] = after ? [{ AND: [where, isAfter(after)] }, 0] : [where, (page - 1) * limit];
    const [rows, count] = await Promise.all([
      // One more than asked for tells whether there is a next page.
      this.#page(from, limit + 1, skip, criteria.search !== undefined),
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

  /** Where the index leads straight to the page, in one step; else in two, see #pageOfIds. */
  async #page(where: Prisma.UserWhereInput, take: number, skip: number, searching: boolean): Promise<User[]> {
    if (!searching && skip === 0) return this.#read({ where, take });
    const ids = await this.#pageOfIds(where, take, skip);
    return ids.length === 0 ? [] : this.#read({ where: { id: { in: ids } } });
  }

  /**
   * A search, and a page far down by number, walk past many users. Asked for their ids alone, PostgreSQL finds all it
   * looks at within an index, and need not fetch each of them from the table.
   */
  async #pageOfIds(where: Prisma.UserWhereInput, take: number, skip: number): Promise<number[]> {
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

  /** Without a search the answer stands in the headcounts, exact and without looking at a user. */
  async #count({ search }: UserCriteria, where: Prisma.UserWhereInput): Promise<Count> {
    if (search === undefined) {
      const { _sum } = await this.prisma.headcount.aggregate({
        where: where as Prisma.HeadcountWhereInput,
        _sum: { users: true },
      });
      return { total: _sum.users ?? 0, totalIsExact: true };
    }
    // Left to itself, Prisma counts in the order of the primary key, which no index that holds the words follows.
    const counted = await this.prisma.user.count({ where, orderBy: NEWEST_FIRST, take: COUNTED_AT_MOST + 1 });
    return { total: Math.min(counted, COUNTED_AT_MOST), totalIsExact: counted <= COUNTED_AT_MOST };
  }
}

/** Written so that PostgreSQL starts its walk of the index at the cursor; as a plain OR it would filter from the top. */
function isAfter([createdAtMs = 0, id = 0]: number[]): Prisma.UserWhereInput {
  const createdAt = new Date(createdAtMs);
  return { createdAt: { lte: createdAt }, OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] };
}
