// A transfer and its audit row as one bare interactive transaction of Prisma, on Steward's own pool and with its names of
// statements; without a guard, an MCP, or a lock. Each message asks for one.
import { loadConfig } from '../../build/settings/config.js';
import { connect } from '../../build/database/pool.js';
import { createClient } from '../../build/directory/database.js';
import { createLog } from '../../build/observability/log.js';
import { USER_COLUMNS } from './user-columns.mjs';

/** @typedef {{ userId: number, department: string }} Transfer */
/** @typedef {{ user: { id: number, department: { name: string } } } | { error: string }} Transferred */

const { database } = loadConfig({});
const { client: prisma, close } = connect(
  database.url ?? '',
  database.session,
  createClient,
  createLog('warn'),
);

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
    await tx.userAuditLog.create({
      data: {
        userId,
        fieldChanged: 'department',
        oldValue: before.department.name,
        newValue: target.name,
        actor: 'bench',
        tool: 'bare',
        requestId: 'bare',
      },
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
