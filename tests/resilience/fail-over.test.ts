import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { forwardTo } from './lab/forwarder.js';
import { AWAY, FULL, LIMITS } from './lab/limits.js';
import { underLoad } from './lab/load.js';
import { itServesAgain } from './lab/outages.js';
import { itKeepsEveryPromise, useSite } from './lab/promises.js';

const CALM_MS = 1000;
const NOTICE_MS = 500;
/** An address may be switched when the replica has been promoted, or, too early, before. */
const ORDERS = ['promoted, then switched', 'switched, then promoted'].slice(0, FULL ? 2 : 1);

describe.each(ORDERS)('fail-over: the primary is killed, its replica %s', (order) => {
  const site = useSite();
  const recoveries: number[] = [];
  let readers = 0;

  beforeAll(async () => {
    const primary = site.server;
    const replica = await primary.replica();
    site.defer(() => replica.destroy());
    // An acknowledged change is on the replica's disk as well. Without that, PostgreSQL itself may lose it.
    await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await primary.query('SELECT pg_reload_conf()');
    const forwarder = await forwardTo(primary.port);
    site.defer(() => forwarder.close());
    const replicaUrl = withPort(site.url, replica.port);
    site.url = withPort(site.url, forwarder.port);
    const stewards = await site.both({ ...LIMITS, DATABASE_REPLICA_URL: replicaUrl });

    await underLoad(site, stewards, async (load) => {
      await setTimeout(CALM_MS);
      const [sessions] = await replica.query<{ readers: number }>(
        `SELECT count(*)::int AS readers FROM pg_stat_activity WHERE usename = 'steward_app'`,
      );
      readers = sessions?.readers ?? 0;
      const killed = performance.now();
      await primary.kill();
      await setTimeout(NOTICE_MS);
      const steps = [
        () => replica.query('SELECT pg_promote()'),
        async () => forwarder.switchTo(replica.port),
      ];
      for (const step of order.startsWith('promoted') ? steps : steps.toReversed()) {
        await step();
        await setTimeout(NOTICE_MS);
      }
      const over = performance.now();
      site.allow(AWAY, killed);
      recoveries.push(await load.recovery(over));
    });
    site.server = replica;
  });

  it('happens while the replica serves reads', () => {
    expect(readers).toBeGreaterThan(0);
  });

  itServesAgain(recoveries);
  itKeepsEveryPromise(site);
});

function withPort(url: string, port: number): string {
  const moved = new URL(url);
  moved.port = String(port);
  return moved.href;
}
