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

type Row = { total: number } & ({ id: null } | (Omit<ListedUser, 'department'> & { name: string }));

/**
 * Reads a page, newest first, with its total. Raw, because Prisma Client takes two statements and more than twice the time for
 * that (docs/performance.md), and has no date for a time of the year 12026.
 */
export async function readPage(prisma: PrismaClient, query: PageQuery): Promise<Page> {
  const rows = await prisma.$queryRaw<Row[]>`
    SELECT total, u.id, username::text, email::text, d.name::text, role::text, active, u.created_at::text AS "createdAt"
    FROM (SELECT ${countMatching(query.matching)} AS total) AS counted
    LEFT JOIN (${selectPage(query)}) AS u ON true LEFT JOIN public.departments d ON d.id = department_id
    ORDER BY u.created_at DESC, u.id DESC`;
  const users = rows.flatMap((row) => {
    if (row.id === null) return [];
    const { total: _, name, createdAt, ...user } = row;
    return [{ ...user, createdAt: showTime(createdAt), department: { name } }];
  });
  return { users, total: rows[0]?.total ?? 0 };
}

/**
 * Without a search or rows to skip, an index leads straight to the page. A search, and a deep page by number, pass many
 * users: their ids are all that is read of those, from an index alone.
 */
function selectPage({ matching, after, take, skip = 0 }: PageQuery): Prisma.Sql {
  const conditions = matching ? conditionsOf(matching) : [Prisma.sql`true`];
  if (after) conditions.push(Prisma.sql`(created_at, id) < (${after[0]}::timestamptz, ${after[1]})`);
  const select = (columns: Prisma.Sql) => Prisma.sql`
    SELECT ${columns} FROM public.users WHERE ${and(conditions)} ${NEWEST_FIRST} LIMIT ${take} OFFSET ${skip}`;
  return matching?.words || skip > 0
    ? Prisma.sql`SELECT * FROM public.users WHERE id = ANY (ARRAY(${select(Prisma.sql`id`)}))`
    : select(Prisma.sql`*`);
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
