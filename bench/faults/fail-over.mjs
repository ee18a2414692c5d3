import { setTimeout } from 'node:timers/promises';
import { callsOf, spread } from './lab/figures.mjs';
import { Forwarder } from './lab/forwarder.mjs';
import { AWAY, brokenInvariants, slowRecoveries, uncleanEnds } from './lab/invariants.mjs';
import { underLoad } from './lab/load.mjs';

export const name = 'fail-over';
export const title = 'the primary killed, its synchronous replica promoted, the address switched';

/** An address may be switched when the replica has been promoted, or, hastily, before. */
const ORDERS = /** @type {const} */ (['promoted, then switched', 'switched, then promoted']);
const CALM_MS = 1000;
const NOTICE_MS = 500;

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const results = [];
  for (const order of lab.short ? ORDERS.slice(0, 1) : ORDERS) results.push(await failOver(lab, order));
  return {
    figures: [
      `${results.length} fail-overs; ${callsOf(...results.map(({ site }) => site))}`,
      `back to normal after ${spread(results.map(({ recovery }) => recovery))}`,
    ],
    problems: results.flatMap(({ problems }) => problems),
  };
}

/** @param {import('./lab/lab.mjs').Lab} lab @param {typeof ORDERS[number]} order */
async function failOver(lab, order) {
  const primary = await lab.serverOfItsOwn();
  const replica = await primary.replica();
  lab.defer(() => replica.destroy());
  const site = await lab.site(primary);
  // What is acknowledged is on the replica's disk as well; without that, PostgreSQL itself may lose it.
  await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await primary.query('SELECT pg_reload_conf()');
  const forwarder = await Forwarder.to(primary.port);
  lab.defer(() => forwarder.close());
  const replicaUrl = withPort(site.url, replica.port);
  site.url = withPort(site.url, forwarder.port);
  const env = { DATABASE_REPLICA_URL: replicaUrl };
  const stewards = await Promise.all([lab.http(site, env), lab.stdio(site, env)]);
  const { from, answered, readers, recovery } = await underLoad(site, stewards, async (load) => {
    await setTimeout(CALM_MS);
    const [sessions] = await replica.query(
      `SELECT count(*)::int AS readers FROM pg_stat_activity WHERE usename = 'steward_app'`,
    );
    const killed = performance.now();
    await primary.kill();
    await setTimeout(NOTICE_MS);
    if (order === 'switched, then promoted') {
      forwarder.switchTo(replica.port);
      await setTimeout(NOTICE_MS);
      await replica.promote();
    } else {
      await replica.promote();
      forwarder.switchTo(replica.port);
    }
    const up = performance.now();
    return { from: killed, answered: up, readers: sessions.readers, recovery: await load.backToNormal(up) };
  });
  site.moveTo(replica);
  return {
    site,
    recovery,
    problems: [
      ...(readers > 0 ? [] : ['nobody read from the replica: that was not tried']),
      ...slowRecoveries([recovery]),
      ...(await brokenInvariants(site, [{ from, until: answered, codes: AWAY }])),
      ...(await uncleanEnds(site)),
    ],
  };
}

/** @param {string} url @param {number} port */
function withPort(url, port) {
  const moved = new URL(url);
  moved.port = String(port);
  return moved.href;
}
