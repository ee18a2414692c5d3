import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bareEnvironment } from '../../../tests/support/command.mjs';
import { atEnd } from '../../cleanup.mjs';
import { compare, medianCallMs } from '../compare.mjs';
import { steward } from '../servers/index.mjs';

/** @typedef {import('../bare-transfer.mjs').Transfer} Transfer */
/** Answers the name of the department that the user is in now. @typedef {(transfer: Transfer) => Promise<string>} Transferring */

const BARE = 'a bare interactive transaction';

/** @param {import('../stage.mjs').Stage} stage */
export async function measureTransfer({ options: { size, blocks, calls }, client, database, start }) {
  const url = await database(size.users);
  const contestant = await start(steward(url));
  const bare = startBare(url);
  atEnd(bare.stop);

  const transfers = await plan(client, 2 * (blocks + 1) * calls);
  const ways = [
    { name: 'transfer_user', run: throughSteward(contestant) },
    { name: BARE, run: bare.run },
  ];
  const figure = 'transfer_user with its audit row, stdio';
  const heading = { figure, form: 'each another user', unit: 'ms', targets: { [BARE]: { most: 1.2 } } };
  const rows = await compare(heading, ways, blocks, ({ run }) => {
    const some = transfers.splice(0, calls);
    const of = (/** @type {number} */ at) => /** @type {Transfer} */ (some[at]);
    return medianCallMs(
      { first: 0, calls },
      (at) => run(of(at)),
      (department, at) => {
        if (department !== of(at).department)
          throw new Error(`now in ${department}, not ${of(at).department}`);
      },
    );
  });
  await contestant.stop();
  await bare.stop();
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
  return rows.map(({ id, name }) => ({ userId: id, department: name === 'Sales' ? 'Operations' : 'Sales' }));
}

/** @param {import('../servers/contestant.mjs').Contestant} contestant @returns {Transferring} */
function throughSteward({ client }) {
  return async ({ userId, department }) => {
    const answer = await client.call('transfer_user', { user_id: userId, new_department: department });
    const { changed, user } = /** @type {Record<string, any>} */ (answer.structuredContent);
    if (!changed) throw new Error(`user ${userId} was in ${department} already`);
    return user.department;
  };
}

/** @param {string} databaseUrl @returns {{ run: Transferring, stop: () => Promise<void> }} */
function startBare(databaseUrl) {
  const file = fileURLToPath(new URL('../bare-transfer.mjs', import.meta.url));
  const env = bareEnvironment({ NODE_ENV: 'production', DATABASE_URL: databaseUrl });
  const child = fork(file, { env });
  const exited = once(child, 'exit');
  const lost = exited.then(([code]) =>
    Promise.reject(new Error(`the bare transaction's process ended (${code})`)),
  );
  lost.catch(() => {});
  return {
    async run(wanted) {
      const answered = once(child, 'message');
      child.send(wanted);
      const [answer] = await Promise.race([answered, lost]);
      if ('error' in answer) throw new Error(answer.error);
      return answer.user.department.name;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
