import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bareEnvironment } from '../../../tests/support/command.mjs';
import { comparePair, medianCallMs } from '../blocks.mjs';
import { progress } from '../progress.mjs';
import { Contestant } from '../servers/contestant.mjs';
import { STEWARD } from '../servers/index.mjs';

/** @typedef {import('../bare-transfer.mjs').Transfer} Transfer */
/** Answers the name of the department that the user is in now. @typedef {(transfer: Transfer) => Promise<string>} Transferring */

/** @type {import('./index.mjs').Figure} */
export const transfer = {
  name: 'transfer',
  what: 'transfer_user over stdio beside the same as a bare transaction of Prisma',
  async measure(stage) {
    const { options, client } = stage;
    const figure = 'transfer_user with its audit row, stdio';
    progress(figure);
    const kind = stage.kind(STEWARD);
    const contestant = await Contestant.overStdio(kind, stage.folder);
    stage.cleanup.add(() => contestant.stop());
    const bare = startBare(kind.stdio.env?.['DATABASE_URL'] ?? '');
    stage.cleanup.add(bare.stop);

    const transfers = await plan(client, 2 * (options.blocks + 1) * options.calls);
    const ours = { name: 'transfer_user', run: throughSteward(contestant) };
    const theirs = { name: 'bare', run: bare.run };
    const compared = await comparePair([ours, theirs], options.blocks, async ({ run }) => {
      const some = transfers.splice(0, options.calls);
      const of = (/** @type {number} */ at) => /** @type {Transfer} */ (some[at]);
      return medianCallMs(
        { first: 0, calls: some.length },
        (at) => run(of(at)),
        (department, at) => {
          if (department !== of(at).department)
            throw new Error(`now in ${department}, not ${of(at).department}`);
        },
      );
    });
    await contestant.stop();
    await bare.stop();
    return [
      {
        figure,
        form: 'each another user',
        against: 'a bare interactive transaction',
        isMain: true,
        target: { most: 1.2 },
        ...compared,
      },
    ];
  },
};

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

/** @param {Contestant} contestant @returns {Transferring} */
function throughSteward({ client }) {
  return async ({ userId, department }) => {
    const answer = await client.call('transfer_user', { user_id: userId, new_department: department });
    const { changed, user } = /** @type {{ structuredContent: any }} */ (/** @type {unknown} */ (answer))
      .structuredContent;
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
