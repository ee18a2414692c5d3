import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fillExample } from '../records/example.js';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { Network, reset, swallow } from '../support/network.js';
import { startSteward, type Steward } from '../support/steward.js';

/** Longer than a connection is trusted that nobody uses. */
const IDLE_MS = 5500;

onServer('a connection that the network forgot (needs a PostgreSQL server)', () => {
  let database: TestDatabase;
  let network: Network & { url: string };
  let steward: Steward;
  beforeEach(async () => {
    database = await freshDatabase();
    network = await Network.before(database.env['DATABASE_URL'] ?? '');
    steward = await startSteward({ database, env: { DATABASE_URL: network.url } });
    const warm = Array.from({ length: 4 }, (_, at) => steward.call('get_user', { id: at + 1 }));
    if ((await Promise.all(warm)).some(({ error }) => error !== undefined)) throw new Error(steward.stderr());
  });
  afterEach(async () => {
    await steward.stop();
    network.close();
    await database.drop();
  });

  it('after a while without calls fails neither reads nor changes', async () => {
    network.onThoseOfNow(swallow);
    await setTimeout(IDLE_MS);
    const outcomes = await Promise.all([
      steward.call('get_user', { id: 1 }),
      steward.call('list_departments'),
      steward.call('transfer_user', { user_id: 2, new_department: 'Sales' }),
    ]);
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it('and that ends with the next statement fails no read', async () => {
    network.onThoseOfNow(reset);
    const reads = [1, 2, 3].map((id) => steward.call('get_user', { id: id }));
    expect((await Promise.all(reads)).filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it('fails no read of records, either', async () => {
    const shop = await fillExample('shop');
    const before = await Network.before(shop.url);
    const served = await startSteward({
      database: shop.database,
      env: { ...shop.env, SHOP_URL: before.url },
    });
    expect((await served.call('count_records', { model: 'Order' })).error).toBeUndefined();
    before.onThoseOfNow(reset);
    expect((await served.call('count_records', { model: 'Order' })).error).toBeUndefined();
    await served.stop();
    before.close();
    await shop.database.drop();
  });

  it('is kept in memory by a sign of life each 10 seconds', async () => {
    const port = Number(new URL(network.url).port).toString(16).toUpperCase().padStart(4, '0');
    // proc(5), /proc/net/tcp: rem_address in hexadecimal; "02:" and a time in hundredths of a second until a keepalive.
    const sockets = (await readFile('/proc/net/tcp', 'utf8'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const timers = sockets.filter(([, , remote]) => remote === `0100007F:${port}`).map((socket) => socket[5]);
    expect(timers.length).toBeGreaterThan(0);
    for (const timer of timers) {
      expect(timer).toMatch(/^02:/);
      expect(Number.parseInt(timer?.slice(3) ?? '', 16)).toBeLessThanOrEqual(1000);
    }
  });
});
