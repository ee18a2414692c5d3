import { beforeAll, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { AWAY, DURATION_MS, RECOVERY_MS } from './limits.js';
import { type Load, underLoad } from './load.js';
import { itKeepsEveryPromise, useSite } from './promises.js';
import type { Site, Steward } from './site.js';

const CALM_MS = 700;

export interface Outage {
  site: Site;
  stewards: Steward[];
  load: Load;
  round: number;
  /** When it began, by `performance.now()`. */
  from: number;
}

/** Makes outages of the database one after the other, under load over HTTP and stdio. Each resolves when it is over. */
export function underOutages(makeOutage: (outage: Outage) => Promise<void>, { atLeast = 1 } = {}): void {
  const site = useSite();
  const recoveries: number[] = [];

  beforeAll(async () => {
    const stewards = await site.both();
    await underLoad(site, stewards, async (load) => {
      const end = performance.now() + DURATION_MS;
      for (let round = 0; performance.now() < end || round < atLeast; round += 1) {
        await setTimeout(CALM_MS);
        const from = performance.now();
        await makeOutage({ site, stewards, load, round, from });
        site.allow(AWAY, from);
        recoveries.push(await load.recovery(performance.now()));
      }
    });
  });

  it('is noticed by callers', () => {
    expect(site.journal.failed).not.toEqual([]);
  });

  itServesAgain(recoveries);
  itKeepsEveryPromise(site);
}

/** `recoveries` are times in milliseconds. */
export function itServesAgain(recoveries: number[], withinMs = RECOVERY_MS): void {
  it(`serves every client again within ${withinMs / 1000} s, without a restart`, () => {
    expect(recoveries).not.toEqual([]);
    expect(Math.max(...recoveries)).toBeLessThan(withinMs);
  });
}
