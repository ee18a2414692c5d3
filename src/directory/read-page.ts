import { readingFrom } from '../database/replicas/replicas.js';
import { Prisma, type PrismaClient } from '../generated/prisma/client.js';
import { showTime } from './times.js';
import type { User } from './users.js';

/** A user in a list, without `updatedAt`. */
export type ListedUser = Omit<User, 'updatedAt'>;

/** What the users of a page have in common. A department is given by its id. */
export interface Matching {
  active: boolean;
  departmentId?: number | undefined;
  role?: string | undefined;
  /** Each is a pattern of LIKE. */
  words?: readonly string[] | undefined;
}

export interface PageQuery {
  matching?: Matching;
  /** Where the page before ended: created_at as text, id. */
  after?: readonly [string, number] | undefined;
  take: number;
  skip?: number;
}

interface Page {
  users: ListedUser[];
  /** How many users match; of a search at most COUNTED_AT_MOST + 1. 0 where nothing is asked for. */
  total: number;
}

/** Counting every match of a common word would cost more than it is worth. */
export const COUNTED_AT_MOST = 10_000;

/** The id breaks ties, so that a page boundary between users of one millisecond loses none of them. */
const NEWEST_FIRST = Prisma.sql`ORDER BY created_at DESC, id DESC`;

type Row = Omit<ListedUser, 'department'> & { department: string; total: number };

/**
 * Reads a page, newest first, with its total. Raw, because Prisma Client takes two statements and more than twice the time for
 * that (docs/performance.md), and has no date for a time of the year 12026.
 */
export async function readPage(prisma: PrismaClient, query: PageQuery): Promise<Page> {
  const { matching, after, skip = 0 } = query;
  const count = countMatching(matching);
  const reads = readingFrom(prisma);
  // A join would have PostgreSQL sort the page once more.
  const rows = await reads.$queryRaw<Row[]>`
    SELECT id, username::text, email::text, role::text, active, created_at::text AS "createdAt", ${count} AS total,
      (SELECT name::text FROM public.departments d WHERE d.id = department_id) AS department
    FROM public.users WHERE ${selectPage(query)}`;
  const users = rows.map(({ id, username, email, department, role, active, createdAt }) => ({
    id,
    username,
    email,
    department: { name: department },
    role,
    active,
    createdAt: showTime(createdAt),
  }));
  const [first] = rows;
  if (first) return { users, total: first.total };
  // Beyond the last page there is no row to tell the total.
  const isFirstPage = !after && skip === 0;
  const [counted] = isFirstPage ? [] : await reads.$queryRaw<{ total: number }[]>`SELECT ${count} AS total`;
  return { users, total: counted?.total ?? 0 };
}

/**
 * Without a search or rows to skip, an index leads straight to the page. A search, and a deep page by number, pass many
 * users: their ids are all that is read of those, from an index alone.
 */
function selectPage({ matching, after, take, skip = 0 }: PageQuery): Prisma.Sql {
  const conditions = matching ? conditionsOf(matching) : [Prisma.sql`true`];
  if (after) conditions.push(Prisma.sql`(created_at, id) < (${after[0]}::timestamptz, ${after[1]})`);
  const page = Prisma.sql`${and(conditions)} ${NEWEST_FIRST} LIMIT ${take} OFFSET ${skip}`;
  return matching?.words || skip > 0
    ? Prisma.sql`id = ANY (ARRAY(SELECT id FROM public.users WHERE ${page})) ${NEWEST_FIRST}`
    : page;
}

/** Without a search, the sum of the head counts is exact and reads no user. With one, counting stops at COUNTED_AT_MOST + 1. */
function countMatching(matching: Matching | undefined): Prisma.Sql {
  if (!matching) return Prisma.sql`0`;
  const conditions = and(conditionsOf(matching));
  if (!matching.words)
    return Prisma.sql`(SELECT coalesce(sum(users), 0)::int FROM public.headcounts WHERE ${conditions})`;
  // In the order that an index which holds the search text follows.
  return Prisma.sql`
    (SELECT count(*)::int FROM (
      SELECT FROM public.users WHERE ${conditions} ${NEWEST_FIRST} LIMIT ${COUNTED_AT_MOST + 1}) AS matches)`;
}

function conditionsOf({ active, departmentId, role, words = [] }: Matching): Prisma.Sql[] {
  return [
    Prisma.sql`active = ${active}`,
    ...(departmentId === undefined ? [] : [Prisma.sql`department_id = ${departmentId}`]),
    ...(role === undefined ? [] : [Prisma.sql`role = ${role}`]),
    ...words.map((word) => Prisma.sql`search_text LIKE ${word}`),
  ];
}

const and = (conditions: Prisma.Sql[]) => Prisma.join(conditions, ' AND ');
