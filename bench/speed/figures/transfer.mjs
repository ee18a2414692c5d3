import { fileURLToPath } from 'node:url';
import { compare, medianCallMs } from '../compare.mjs';
import { steward } from '../servers/index.mjs';

/** @typedef {{ user_id: number, new_department: string }} Transfer */

const BARE = 'a bare interactive transaction';

/** @param {import('../stage.mjs').Stage} stage */
export async function measureTransfer({ options: { size, blocks, calls }, client, database, start }) {
  const ours = steward(await database(size.users));
  const bareTransfer = fileURLToPath(new URL('../bare-transfer.mjs', import.meta.url));
  const bare = { ...ours, name: BARE, stdio: { ...ours.stdio, args: [bareTransfer] } };
  const contestants = [await start(ours), await start(bare)];

  const transfers = await plan(client, 2 * (blocks + 1) * calls);
  const figure = 'transfer_user with its audit row, stdio';
  const heading = { figure, form: 'each another user', unit: 'ms', targets: { [BARE]: { most: 1.15 } } };
  const rows = await compare(heading, contestants, blocks, ({ client: asked }) => {
    const some = transfers.splice(0, calls);
    const of = (/** @type {number} */ at) => /** @type {Transfer} */ (some[at]);
    return medianCallMs(
      { first: 0, calls },
      (at) => asked.call('transfer_user', of(at)),
      ({ structuredContent }, at) => {
        const { changed, user } = /** @type {Record<string, any>} */ (structuredContent);
        if (!changed) throw new Error(`user ${user.id} was in ${user.department} already`);
        if (user.department !== of(at).new_department)
          throw new Error(`now in ${user.department}, not ${of(at).new_department}`);
      },
    );
  });
  for (const contestant of contestants) await contestant.stop();
  return rows;
}

/** So many users, each once, and where they are not yet. @param {import('pg').Client} client @param {number} count @returns {Promise<Transfer[]>} */
async function plan(client, count) {
  const { rows } = await client.query(
    `SELECT u.id, d.name FROM users u JOIN departments d ON d.id = department_id
     WHERE active ORDER BY md5(u.id::text) LIMIT $1`,
    [count],
  );
  if (rows.length < count) throw new Error(`${count} active users are needed; there are ${rows.length}`);
  return rows.map(({ id, name }) => ({
    user_id: id,
    new_department: name === 'Sales' ? 'Operations' : 'Sales',
  }));
}
