import type { Cursors } from '../capability/answer/cursor.js';
import { Prisma, type PrismaClient } from '../generated/prisma/client.js';
import { StewardError } from '../errors.js';
import { quote } from '../visible-text.js';
import type { Departments } from './departments.js';
import { matchesSearch } from './search.js';
import { dateOf, isOdd, showTime } from './times.js';

/** What is read of a user, with the name of the department. */
export const USER = {
  omit: { departmentId: true, searchText: true },
  include: { department: { select: { name: true } } },
} satisfies Prisma.UserDefaultArgs;

type UserRow = Prisma.UserGetPayload<typeof USER>;

/** Times are as answers show them. */
export type User = Omit<UserRow, 'createdAt' | 'updatedAt'> & { createdAt: string; updatedAt: string };

/** A user must meet every criterion that is given. `active` defaults to true. */
export interface UserCriteria {
  department?: string | undefined;
  role?: string | undefined;
  active?: boolean | undefined;
  search?: string | undefined;
}

/** The criteria as a condition of Prisma Client. */
interface Matching {
  active: boolean;
  departmentId?: number;
  role?: string;
  AND?: ReturnType<typeof matchesSearch>['AND'];
}

/** Counting every match of a common word would cost more than it is worth. */
const COUNTED_AT_MOST = 10_000;

/** What a cursor holds: created_at as it is shown, id, page number. */
type PageEnd = [string, number, number];

/** A caller who finds users may also read the names of departments. */
const READER = { scopes: new Set(['directory:read']) };

/** Newest first. The id breaks ties, so that a page boundary between users of one millisecond loses none of them. */
const NEWEST_FIRST = [{ createdAt: 'desc' }, { id: 'desc' }] satisfies Prisma.UserOrderByWithRelationInput[];

export function noSuchUser(field: string, value: string | number): StewardError {
  return new StewardError(
    'NOT_FOUND',
    `There is no user with ${field} ${typeof value === 'string' ? quote(value) : value}. find_users searches by part of a name or email.`,
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

  /** The roles that users have, by name. */
  async roles(): Promise<string[]> {
    const rows = await this.prisma.headcount.groupBy({
      by: ['role'],
      where: { users: { gt: 0 } },
      orderBy: { role: 'asc' },
    });
    return rows.map(({ role }) => role);
  }

  /** @throws StewardError NOT_FOUND */
  async get(by: { id: number } | { username: string } | { email: string }): Promise<User> {
    // Not findUnique: Prisma joins the findUniques of concurrent calls into one statement, and cancelling one call would
    // cancel it for all.
    const user = await this.prisma.user.findFirst({ where: by, ...USER, relationLoadStrategy: 'join' });
    const [shown] = user ? await showTimes(this.prisma, [user]) : [];
    if (shown) return shown;
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
  ) {
    const scope = [
      criteria.department?.toLowerCase(),
      criteria.role?.toLowerCase(),
      criteria.active ?? true,
      criteria.search?.toLowerCase(),
    ];
    const after = at.cursor === undefined ? undefined : (this.cursors.decode(at.cursor, scope) as PageEnd);
    const where = await this.#where(criteria);
    const page = after ? after[2] + 1 : (at.page ?? 1);
    const [rows, count] = await Promise.all([
      // One row more than the page holds shows that there is a next page.
      after
        ? this.#readAfter(after, where, limit + 1, criteria.search !== undefined)
        : this.#readPage(where, limit + 1, (page - 1) * limit, criteria.search !== undefined),
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
      nextCursor: last ? this.cursors.encode([last.createdAt, last.id, page], scope) : null,
    };
  }

  /**
   * Without a search or rows to skip, an index leads straight to the page: one query. A search, and a deep page by number,
   * pass many users. A query for ids alone finds all that it needs in an index, and does not fetch the users that it
   * passes from the table; a second one reads the page.
   */
  async #readPage(
    where: Prisma.UserWhereInput,
    take: number,
    skip: number,
    searching: boolean,
  ): Promise<User[]> {
    if (!searching && skip === 0) return this.#read({ where, take });
    const page = { where, orderBy: NEWEST_FIRST, take, skip };
    const found = await this.prisma.user.findMany({ ...page, select: { id: true } });
    return this.#readIds(found);
  }

  async #readIds(found: { id: number }[]): Promise<User[]> {
    return found.length === 0 ? [] : this.#read({ where: { id: { in: found.map(({ id }) => id) } } });
  }

  /** Prisma Client takes no time that JavaScript has no date for: PostgreSQL says which users come after such a one. */
  async #readAfter(
    [createdAt, id]: PageEnd,
    where: Matching,
    take: number,
    searching: boolean,
  ): Promise<User[]> {
    const date = dateOf(createdAt);
    if (date) return this.#readPage({ AND: [where, isAfter(date, id)] }, take, 0, searching);
    const { active, departmentId, role, AND: words = [] } = where;
    const conditions = [
      Prisma.sql`(created_at, id) < (${createdAt}::timestamptz, ${id}) AND active = ${active}`,
      ...(departmentId === undefined ? [] : [Prisma.sql`department_id = ${departmentId}`]),
      ...(role === undefined ? [] : [Prisma.sql`role = ${role}`]),
      ...words.map(({ searchText: { contains } }) => Prisma.sql`search_text LIKE ${`%${contains}%`}`),
    ];
    const found = await this.prisma.$queryRaw<{ id: number }[]>`
      SELECT id FROM public.users WHERE ${Prisma.join(conditions, ' AND ')}
      ORDER BY created_at DESC, id DESC LIMIT ${take}`;
    return this.#readIds(found);
  }

  async #read(which: Pick<Prisma.UserFindManyArgs, 'where' | 'take'>): Promise<User[]> {
    const rows = await this.prisma.user.findMany({
      ...which,
      ...USER,
      orderBy: NEWEST_FIRST,
      relationLoadStrategy: 'join',
    });
    return showTimes(this.prisma, rows);
  }

  async #where({ department, role, active = true, search }: UserCriteria): Promise<Matching> {
    return {
      active,
      ...(department !== undefined && { departmentId: (await this.departments.find(department, READER)).id }),
      ...(role !== undefined && { role }),
      ...(search !== undefined && matchesSearch(search)),
    };
  }

  /** Without a search, the sum of the head counts is exact and reads no user. With one, counting stops at COUNTED_AT_MOST. */
  async #count({ search }: UserCriteria, where: Prisma.UserWhereInput) {
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
function isAfter(createdAt: Date, id: number): Prisma.UserWhereInput {
  return { createdAt: { lte: createdAt }, OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] };
}

/**
 * The rows with their times as they are shown. Those with a time that JavaScript has no date for are read again, as text; one
 * that was deleted meanwhile is left out.
 */
async function showTimes(prisma: PrismaClient, rows: UserRow[]): Promise<User[]> {
  const odd = rows.filter((row) => isOdd(row.createdAt) || isOdd(row.updatedAt)).map(({ id }) => id);
  const texts = odd.length === 0 ? [] : await readTimes(prisma, odd);
  return rows.flatMap((row) => {
    const times = odd.includes(row.id) ? texts.find(({ id }) => id === row.id) : row;
    return times
      ? [{ ...row, createdAt: showTime(times.createdAt), updatedAt: showTime(times.updatedAt) }]
      : [];
  });
}

function readTimes(prisma: PrismaClient, ids: number[]) {
  return prisma.$queryRaw<{ id: number; createdAt: string; updatedAt: string }[]>`
    SELECT id, created_at::text AS "createdAt", updated_at::text AS "updatedAt"
    FROM public.users WHERE id = ANY (${ids})`;
}
