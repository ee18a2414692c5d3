import { expect, it } from '@jest/globals';
import { createDirectory } from '../src/directory/index.js';
import type { PrismaClient } from '../src/generated/prisma/client.js';

const SALES = { id: 1, name: 'Sales', total: 8 };
const FINANCE = { id: 2, name: 'Finance', total: 52 };

/** A database in which departments can be renamed at any moment, also between two things that one call asks. */
function open() {
  let departments = [SALES, FINANCE];
  let version = 1;
  let beforeTheNextLook: (() => void) | undefined;
  const prisma = {
    department: {
      findFirst: async ({ where }: Asked) => departments.find(({ name }) => name === where.name),
    },
    headcount: {
      aggregate: async ({ where }: Asked) => ({
        _sum: { users: departments.find(({ id }) => id === where.departmentId)?.total },
      }),
    },
    user: { findMany: async () => [] },
  } as unknown as PrismaClient;
  const settled = async () => `v${version}`;
  const now = async () => {
    const act = beforeTheNextLook;
    beforeTheNextLook = undefined;
    act?.();
    return settled();
  };
  const versions = { departments: { now: settled, settled }, directory: { now, settled } };
  const { users } = createDirectory(prisma, { ttlMs: 60_000, versions, replicas: false });
  return {
    /** Of pages of different sizes, only the total is kept. */
    total: async (limit: number) => (await users.find({ department: 'Sales' }, limit, {})).total,
    swapBeforeTheNextLook: () => {
      beforeTheNextLook = () => {
        departments = [
          { ...SALES, name: 'Finance' },
          { ...FINANCE, name: 'Sales' },
        ];
        version += 1;
      };
    },
  };
}

interface Asked {
  where: { name?: string; departmentId?: number };
}

it('keeps no total of a department under the name that another has by now', async () => {
  const { total, swapBeforeTheNextLook } = open();
  expect(await total(1)).toBe(SALES.total);
  swapBeforeTheNextLook();
  await total(2);
  expect(await total(3)).toBe(FINANCE.total);
  expect(await total(3)).toBe(FINANCE.total);
});
