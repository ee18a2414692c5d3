import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { steward as runSteward } from '../support/command.mjs';
import { bearing, codeOf, pingWith } from '../support/http.js';
import { records } from '../support/steward.js';
import { WallClock } from '../support/wall-clock.mjs';
import type { Caller } from './lab/client.js';
import { DURATION_MS, FULL, GRACE_MS, LIMITS, LOCK_TIMEOUT_MS, PATIENCE, PATIENT_MS } from './lab/limits.js';
import { underLoad } from './lab/load.js';
import { itKeepsEveryPromise, useSite } from './lab/promises.js';
import { createUser, setField } from './lab/requests.js';
import type { OverHttp, OverStdio, Site } from './lab/site.js';

const JUMPS_H = [0, 6, -6, 12, -12, 0];
const CALLS_A_MINUTE = 12;
const WINDOW_S = 60;

describe("clock: Steward's wall clock jumps by up to 24 hours, forward and back", () => {
  const site = useSite();
  let clock: WallClock;
  let shifted: OverHttp;
  let other: OverStdio;

  beforeAll(async () => {
    clock = await WallClock.create();
    site.defer(() => clock.remove());
    [shifted, other] = await Promise.all([site.http({ ...PATIENCE, ...clock.env }), site.stdio(PATIENCE)]);
  });

  it('every call is served, whatever the clock says', async () => {
    await underLoad(site, [shifted, other], async () => {
      for (const hours of JUMPS_H) {
        await clock.set(hours);
        await setTimeout(DURATION_MS / JUMPS_H.length);
      }
    });
    expect(site.journal.failed).toEqual([]);
  });

  it.each(JUMPS_H)('by %d h: lists show at once what another process has changed', async (hours) => {
    await clock.set(hours);
    const callers = await Promise.all([shifted.connect(), other.connect()]);
    for (const [by, seenBy] of [callers, callers.toReversed()]) await expectFreshLists(site, by!, seenBy!);
  });

  it('a wait for a lock takes as long as ever', async () => {
    const { people } = site.journal;
    const caller = await (await site.http({ ...LIMITS, ...clock.env })).connect();
    const id = people.whoStays();
    await site.whileHolding(`SELECT FROM users WHERE id = ${id} FOR UPDATE`, async () => {
      for (const hours of [6, -6, 0]) {
        const from = performance.now();
        const blocked = site.journal.call(caller, setField(people, 'role', id));
        await setTimeout(LOCK_TIMEOUT_MS / 4);
        await clock.set(hours);
        const { error, start, end } = await blocked;
        site.allow(['TIMEOUT'], from, end);
        expect(error).toBe('TIMEOUT');
        expect(end - start).toBeGreaterThan(LOCK_TIMEOUT_MS * 0.9);
        expect(end - start).toBeLessThan(LOCK_TIMEOUT_MS + GRACE_MS);
      }
    });
  });

  it('a token expires by the clock, and a caller without calls left waits for a minute at most', async () => {
    const file = `${clock.env.SHIFTED_CLOCK_FILE}.tokens`;
    const made = await runSteward(
      ['token', 'create', '--name', 'clock', '--scopes', 'directory:read', '--expires-in-days', '1'],
      { AUTH_TOKENS_FILE: file },
    );
    expect(made.code).toBe(0);
    const { http } = await site.http({
      ...LIMITS,
      ...clock.env,
      AUTH_MODE: 'token',
      AUTH_TOKENS_FILE: file,
      PUBLIC_URL: 'http://127.0.0.1/mcp',
      RATE_LIMIT_PER_MINUTE: String(CALLS_A_MINUTE),
    });
    const ping = () => pingWith(http, made.stdout.trim());
    const call = () => http.call('list_departments', {}, bearing(made.stdout.trim()));
    const statuses = [];
    for (const hours of [0, 25, -6, 0]) {
      await clock.set(hours);
      statuses.push((await ping()).status);
    }
    expect(statuses).toEqual([200, 401, 200, 200]);

    for (const hours of [0, -6, -12]) {
      await clock.set(hours);
      let answer = await call();
      // The clock going back may give some calls more.
      for (let calls = 0; calls < CALLS_A_MINUTE; calls += 1) answer = await call();
      expect(codeOf(answer)).toBe('RATE_LIMITED');
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(WINDOW_S);
    }
    if (!FULL) return;
    await setTimeout((WINDOW_S + 1) * 1000);
    expect((await call()).status).toBe(200);
  });

  itKeepsEveryPromise(site, PATIENT_MS);
});

/** A department that one process makes can be used by the other one at once, and lists and counts are right. */
async function expectFreshLists({ journal }: Site, by: Caller, seenBy: Caller): Promise<void> {
  const { people } = journal;
  const department = `Clock ${people.stamp()}`;
  expect((await by('create_department', { name: department })).error).toBeUndefined();
  const creation = createUser(people, department);
  expect((await journal.call(seenBy, creation)).error).toBeUndefined();
  const username = creation.change?.value;
  const listed = await by('find_users', { department });
  expect(records(listed, 'users')).toEqual([expect.objectContaining({ username, department })]);
  const counted = records(await by('list_departments', {}), 'departments');
  expect(counted).toContainEqual(expect.objectContaining({ name: department, active: 1, inactive: 0 }));
}
