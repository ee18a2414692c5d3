// A transfer and its audit row as one bare interactive transaction of Prisma, on Steward's own pool and with its names of
// statements; without a guard, the SDK, or a lock. Over stdio, as Steward.
import { createInterface } from 'node:readline';
import { USER } from '../../build/directory/users.js';
import { openPool } from '../directory.mjs';

const { client: prisma, close } = openPool(process.env['DATABASE_URL'] ?? '');

/** @param {{ user_id: number, new_department: string }} transfer */
async function run({ user_id: userId, new_department: department }) {
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
      ...USER,
    });
    const change = { fieldChanged: 'department', oldValue: before.department.name, newValue: target.name };
    await tx.userAuditLog.create({
      data: { userId, ...change, actor: 'bench', tool: 'bare', requestId: 'bare' },
      select: { id: true },
    });
    return { structuredContent: { changed: true, user: { ...user, department: user.department.name } } };
  });
}

/** As an MCP server would answer, which knows this one tool. @param {string} line */
async function answer(line) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const answered = (method === 'tools/call' ? run(params.arguments) : Promise.resolve({})).then(
    (result) => ({ result }),
    (error) => ({ error: { message: String(error) } }),
  );
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...(await answered) })}\n`);
}

createInterface({ input: process.stdin })
  .on('line', (line) => void answer(line))
  .on('close', () => void close());
