// A transfer and its audit row as one bare interactive transaction of Prisma, on Steward's own pool and with its names of
// statements; without a guard, an MCP, or a lock. Each message asks for one.
import { openPool } from '../directory.mjs';
import { USER_COLUMNS } from './user-columns.mjs';

/** @typedef {{ userId: number, department: string }} Transfer */

const { client: prisma, close } = openPool(process.env['DATABASE_URL'] ?? '');

/** @param {Transfer} transfer */
async function run({ userId, department }) {
  const target = await prisma.department.findFirstOrThrow({ where: { name: department } });
  return prisma.$transaction(async (tx) => {
    const before = await tx.user.findFirstOrThrow({
      where: { id: userId },
      select: { active: true, department: { select: { name: true } } },
      relationLoadStrategy: 'join',
    });
    const user = await tx.user.update({
      where: { id: userId },
      data: { departmentId: target.id },
      select: USER_COLUMNS,
    });
    const change = { fieldChanged: 'department', oldValue: before.department.name, newValue: target.name };
    await tx.userAuditLog.create({
      data: { userId, ...change, actor: 'bench', tool: 'bare', requestId: 'bare' },
      select: { id: true },
    });
    return user;
  });
}

process.on('message', (transfer) => {
  run(/** @type {Transfer} */ (transfer)).then(
    (user) => process.send?.({ user }),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => void close());
