import type { PrismaClient } from '../generated/prisma/client.js';

/** Departments of the sample organisation, with the number of people in each role. */
const ORGANISATION: Record<string, Record<string, number>> = {
  General: { User: 6, Receptionist: 2 },
  Engineering: { Developer: 38, 'Engineering Manager': 5, 'Site Reliability Engineer': 7, Tester: 6 },
  Sales: { 'Account Executive': 22, 'Sales Manager': 3, 'Sales Engineer': 5 },
  Marketing: { Designer: 5, 'Content Writer': 6, 'Marketing Manager': 2 },
  Finance: { Accountant: 9, Analyst: 5, Controller: 2 },
  'Human Resources': { Recruiter: 6, 'HR Manager': 2 },
  'Customer Support': { 'Support Agent': 30, 'Support Manager': 3 },
  Operations: { 'Operations Manager': 4, Coordinator: 18, Analyst: 6 },
};

const GIVEN_NAMES =
  'Ada Amir Ana Anders Anna Aisha Ben Bruno Camila Carlos Chen Chloe Daniel Deniz Elena Emeka Emma Erik Fatima Felix Grace Hana Hugo Ines Ivan Jack Jana Jonas Julia Kai Kavya Lara Leo Lin Lucia Marco Maria Mei Mika Nadia Nina Noah Olga Omar Paula Priya Rafael Rosa Sam Sara Sofia Tariq Tom Uma Vera Viktor Wei Yara Yusuf Zoe'.split(
    ' ',
  );
const FAMILY_NAMES =
  'Abbott Andersen Bauer Bianchi Brown Castro Chen Costa Dubois Eriksen Fischer Garcia Haddad Hansen Hughes Ito Ivanova Jensen Kaya Khan Kim Kovacs Kumar Larsen Lopez Martin Meyer Mori Murphy Nguyen Novak Okafor Olsen Park Patel Petrov Popov Reyes Rossi Santos Sato Schmidt Silva Singh Smith Suzuki Tanaka Torres Weber Wilson Yilmaz Zhang'.split(
    ' ',
  );

const DAY_MS = 24 * 60 * 60 * 1000;
const YEARS_OF_HISTORY = 6;
/** One user in so many is inactive. */
const LEAVERS = 14;

/**
 * Fills a directory without users with a small, believable organisation: the same people each time, the last of whom
 * joined today. After a failure or a kill, nothing of it stays.
 * @returns the number of users created
 */
export async function seedIfEmpty(prisma: PrismaClient): Promise<number> {
  return prisma.$transaction(
    async (tx) => {
      if ((await tx.user.findFirst({ select: { id: true } })) !== null) return 0;
      const people = createSamplePeople(new Date());
      await tx.department.createMany({
        data: Object.keys(ORGANISATION).map((name) => ({ name })),
        skipDuplicates: true,
      });
      const departments = await tx.department.findMany({ select: { id: true, name: true } });
      const idOf = new Map(departments.map(({ id, name }) => [name, id]));
      await tx.user.createMany({
        data: people.map(({ department, ...user }) => ({ ...user, departmentId: idOf.get(department) ?? 1 })),
      });
      return people.length;
    },
    // On the embedded database the transaction may wait for another process that seeds.
    { maxWait: 30_000, timeout: 30_000 },
  );
}

function createSamplePeople(now: Date) {
  const posts = Object.entries(ORGANISATION).flatMap(([department, roles]) =>
    Object.entries(roles).flatMap(([role, count]) =>
      Array.from({ length: count }, () => ({ department, role })),
    ),
  );
  return posts.map((_, index) => {
    // The steps share no factor with the lengths: every post is visited, and the names look random.
    const post = posts[(index * 89) % posts.length] as (typeof posts)[number];
    const given = GIVEN_NAMES[(index * 17) % GIVEN_NAMES.length] as string;
    const family = FAMILY_NAMES[
      (index * 31 + Math.floor(index / FAMILY_NAMES.length)) % FAMILY_NAMES.length
    ] as string;
    const daysAgo = Math.floor(
      (YEARS_OF_HISTORY * 365 * (posts.length - 1 - index) ** 1.3) / posts.length ** 1.3,
    );
    const createdAt = new Date(now.getTime() - daysAgo * DAY_MS - index * 61_007);
    return {
      ...post,
      username: `${given}_${family}`.toLowerCase(),
      email: `${given}.${family}@example.com`.toLowerCase(),
      active: index % LEAVERS !== 3,
      createdAt,
      updatedAt: createdAt,
    };
  });
}
