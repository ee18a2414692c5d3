import type { Cursors } from '../capability/answer/cursor.js';
import type { Elicitation } from '../capability/elicitation.js';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { StewardError } from '../errors.js';
import { quote, showUnseen } from '../visible-text.js';
import type { Departments } from './departments.js';
import { COUNTED_AT_MOST, readPage, type ListedUser } from './read-page.js';
import { toPatterns } from './search.js';
import { isOdd, showTime } from './times.js';

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

/** How many users a person is asked to choose from. */
const MOST_CANDIDATES = 10;

/** What a cursor holds: created_at as it is shown, id, page number. */
type PageEnd = [string, number, number];

/** A caller who finds users may also read the names of departments. */
const READER = { scopes: new Set(['directory:read']) };

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
  async recent(limit: number): Promise<ListedUser[]> {
    return (await readPage(this.prisma, { take: limit })).users;
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
    const shown = user && (await showTimes(this.prisma, user));
    if (shown) return shown;
    const [field, value] = Object.entries(by)[0] as [string, string | number];
    throw noSuchUser(field, value);
  }

  /**
   * Finds the one user whom the words are about, active or not: the one with just that username or email, or the only one
   * whom they match, or else the one whom a person chooses.
   * @throws StewardError NOT_FOUND; VALIDATION where several match and nobody can be asked which one, or too many
   */
  async single(search: string, elicitation: Elicitation): Promise<User> {
    const words = toPatterns(search);
    const pages = await Promise.all(
      [true, false].map((active) =>
        readPage(this.prisma, { matching: { active, words }, take: MOST_CANDIDATES + 1 }),
      ),
    );
    const matching = pages.flatMap(({ users }) => users);
    const whole = ({ username, email }: ListedUser) =>
      [username, email].some((text) => text.toLowerCase() === search.toLowerCase());
    const [only, ...others] = matching.some(whole) ? matching.filter(whole) : matching;
    if (!only) throw noSuchUser('search', search);
    if (others.length === 0) return this.get({ id: only.id });
    const candidates = new Map(matching.map((user) => [describe(user), user.id]));
    if (matching.length <= MOST_CANDIDATES && elicitation.possible)
      return this.get({
        id: elicitation.choose('user', `Which user is meant by ${quote(search)}?`, candidates),
      });
    const named = [...candidates.keys()].slice(0, MOST_CANDIDATES).join('; ');
    const more = matching.length > MOST_CANDIDATES ? '; and more' : '';
    throw new StewardError(
      'VALIDATION',
      `search: several users match: ${named}${more}. Call with the id of one.`,
      {
        quotesStored: true,
      },
    );
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
    const { department, role, active = true, search } = criteria;
    const departmentId =
      department === undefined ? undefined : (await this.departments.find(department, READER)).id;
    const words = search === undefined ? undefined : toPatterns(search);
    const page = after ? after[2] + 1 : (at.page ?? 1);
    const read = await readPage(this.prisma, {
      matching: { active, departmentId, role, words },
      after: after && [after[0], after[1]],
      // One row more than the page holds shows that there is a next page.
      take: limit + 1,
      skip: after ? 0 : (page - 1) * limit,
    });
    const users = read.users.slice(0, limit);
    const last = read.users.length > limit ? users.at(-1) : undefined;
    const total = words ? Math.min(read.total, COUNTED_AT_MOST) : read.total;
    return {
      users,
      total,
      totalIsExact: total === read.total,
      page,
      pageSize: limit,
      pages: Math.ceil(total / limit),
      nextCursor: last ? this.cursors.encode([last.createdAt, last.id, page], scope) : null,
    };
  }
}

/** Tells users apart whose names are alike. */
function describe({ id, username, department, role, active }: ListedUser): string {
  const state = active ? '' : ', inactive';
  return showUnseen(`${username}, ${role}, ${department.name}${state} (user ${id})`);
}

/**
 * The user with times as they are shown. Those that JavaScript has no date for are read again, as text; a user who was
 * deleted meanwhile is undefined.
 */
async function showTimes(prisma: PrismaClient, user: UserRow): Promise<User | undefined> {
  const isReadable = !isOdd(user.createdAt) && !isOdd(user.updatedAt);
  const [times] = isReadable ? [user] : await readTimes(prisma, user.id);
  return times && { ...user, createdAt: showTime(times.createdAt), updatedAt: showTime(times.updatedAt) };
}

function readTimes(prisma: PrismaClient, id: number) {
  return prisma.$queryRaw<{ createdAt: string; updatedAt: string }[]>`
    SELECT created_at::text AS "createdAt", updated_at::text AS "updatedAt" FROM public.users WHERE id = ${id}`;
}
