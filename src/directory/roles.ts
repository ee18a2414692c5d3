import type { PrismaClient } from '../generated/prisma/client.js';

/** Lists the roles that users have, by name. */
export async function listRoles(prisma: PrismaClient): Promise<string[]> {
  const rows = await prisma.headcount.groupBy({
    by: ['role'],
    where: { users: { gt: 0 } },
    orderBy: { role: 'asc' },
  });
  return rows.map((row) => row.role);
}
