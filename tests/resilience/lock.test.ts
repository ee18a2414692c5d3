import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { GRACE_MS, LOCK_TIMEOUT_MS } from './lab/limits.js';
import { underLoad } from './lab/load.js';
import { itServesAgain } from './lab/outages.js';
import { itKeepsEveryPromise, useSite } from './lab/promises.js';
import { getUser, setField } from './lab/requests.js';
import type { Steward } from './lab/site.js';

const WHAT_TO_DO = /Another client is changing the same record\. Nothing was changed\. Try again/;
const TABLE_LOCKED_MS = 2500;

describe('lock: another session holds a row, then a whole table', () => {
  const site = useSite();
  const recoveries: number[] = [];
  let stewards: Steward[];

  beforeAll(async () => {
    stewards = await site.both();
  });

  it.each(['HTTP', 'stdio'])(
    'a held user is refused within the lock time-out, over %s; others are served',
    async (over) => {
      const { people } = site.journal;
      const caller = await (over === 'HTTP' ? stewards[0] : stewards[1])!.connect();
      const id = people.whoStays();
      const from = performance.now();
      await site.whileHolding(`SELECT FROM users WHERE id = ${id} FOR UPDATE`, async () => {
        const blocked = site.journal.call(caller, setField(people, 'role', id));
        // A read of the same user waits for nothing, and other users are not held.
        const free = [
          await site.journal.call(caller, getUser(people, id)),
          await site.journal.call(caller, setField(people, 'role', id + 1)),
        ];
        expect(free.map(({ error }) => error)).toEqual([undefined, undefined]);
        const { error, text, start, end } = await blocked;
        expect({ error, text }).toEqual({ error: 'TIMEOUT', text: expect.stringMatching(WHAT_TO_DO) });
        expect(end - start).toBeLessThan(LOCK_TIMEOUT_MS + GRACE_MS);
        site.allow(['TIMEOUT'], from, end);
      });
      const retry = await site.journal.call(caller, setField(people, 'role', id));
      expect(retry.error).toBeUndefined();
    },
  );

  it('a held table is noticed, and nothing of it stays', async () => {
    await underLoad(site, stewards, async (load) => {
      const from = performance.now();
      await site.whileHolding('LOCK TABLE users IN ACCESS EXCLUSIVE MODE', () => setTimeout(TABLE_LOCKED_MS));
      expect(load.calls.some(({ error, start }) => start > from && error === 'TIMEOUT')).toBe(true);
      site.allow(['TIMEOUT'], from);
      recoveries.push(await load.recovery(performance.now()));
    });
  });

  itServesAgain(recoveries);
  itKeepsEveryPromise(site);
});
