import { steward as run } from '../../../../tests/support/command.mjs';
import { succeeded } from '../../../../tests/support/migrate.mjs';
import { atEnd } from '../../../cleanup.mjs';
import { connectTo } from '../../../database.mjs';
import { compare, medianCallMs } from '../../compare.mjs';
import { agreement } from '../../shop/answers.mjs';
import { fillShop } from '../../shop/fill.mjs';
import { drawShape } from '../../shop/shapes.mjs';
import { configFile, shopSteward } from '../../shop/stage.mjs';

const ROLE = 'steward_bench_reader';
const PASSWORD = 'bench';
const CONFIG = 'policies.config.json';
/** Of the caller, by the claims in that file. */
const BRANCH = 7;
const FIRST_SEED = 3e6;

/**
 * One Steward as a role whose rows the policies of `steward rls` decide, by the claims of its caller. Another as a role
 * without any, whose caller asks for the same rows in the filter.
 * @param {import('../../shop/stage.mjs').Shop} shop
 */
export async function measurePolicies({ options, server, filled, start }) {
  await dropReaderAtEnd(server, options);
  const { orders } = options.size;
  const owner = await filled(`shop_policies_${orders}`, (client) => fillShop(client, orders));
  const reader = await makeReader(owner);
  const narrowed = await start(shopSteward(reader, CONFIG));
  const whole = await start(shopSteward(owner));
  const ways = [
    { name: 'with them', client: narrowed.client, filter: (/** @type {string} */ asked) => asked },
    {
      name: 'without them',
      client: whole.client,
      filter: (/** @type {string} */ asked) => `branchId = ${BRANCH} and ${asked}`,
    },
  ];
  const heading = {
    figure: 'find_records with claims and policies, stdio, one at a time',
    form: 'each another shape',
    unit: 'ms',
    targets: { 'without them': { most: 1.25 } },
  };
  const agree = agreement(ways.length);
  const { blocks, calls } = options;
  const rows = await compare(heading, ways, blocks, ({ name, client, filter }, block) =>
    medianCallMs(
      { first: block * calls, calls },
      (at) => {
        const shape = drawShape(FIRST_SEED + at);
        return client.call('find_records', { model: 'Order', ...shape, filter: filter(shape.filter) });
      },
      (answer, at) => agree(name, at, answer),
    ),
  );
  await narrowed.stop();
  await whole.stop();
  return rows;
}

/** Called before the database is made, so that it is dropped before the role. @param {string} server @param {{ keep: boolean }} options */
async function dropReaderAtEnd(server, { keep }) {
  const admin = await connectTo(server);
  atEnd(() => keep || admin.query(`DROP ROLE IF EXISTS ${ROLE}`));
}

/** @param {string} owner URL of the database, as who owns its tables @returns {Promise<string>} its URL, as the role that reads */
async function makeReader(owner) {
  const client = await connectTo(owner);
  const env = { DATABASE_URL: owner, STEWARD_CONFIG: configFile(CONFIG) };
  for (const command of ['grants', 'rls']) {
    const printed = await run([command, '--role', ROLE], env);
    succeeded(printed);
    await client.query(printed.stdout);
  }
  await client.query(`ALTER ROLE ${ROLE} PASSWORD '${PASSWORD}'`);
  await client.query('VACUUM ANALYZE');
  const url = new URL(owner);
  url.username = ROLE;
  url.password = PASSWORD;
  return url.href;
}
