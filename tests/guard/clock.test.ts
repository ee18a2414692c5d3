import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { codeOf, HttpSteward, pingWith } from '../support/http.js';
import { Issuer } from '../support/issuer.js';
import { stewardTrusting } from '../support/jwt-steward.js';
import { WallClock } from '../support/wall-clock.mjs';

/** A ping needs none. */
const NO_DATABASE = { DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere' };

describe('a wall clock that is set back by hours', () => {
  let clock: WallClock;
  let steward: HttpSteward;

  beforeEach(async () => void (clock = await WallClock.create()));
  afterEach(async () => {
    await steward.stop();
    await clock.remove();
  });

  it('never asks for a wait longer than the minute in which calls are counted', async () => {
    const env = { ...NO_DATABASE, ...clock.env, RATE_LIMIT_PER_MINUTE: '1' };
    steward = await HttpSteward.start(env);
    expect((await steward.call('list_departments')).status).toBe(200);
    await clock.set(-6);
    const refused = await steward.call('list_departments');
    expect(codeOf(refused)).toBe('RATE_LIMITED');
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it("keeps the issuer's keys no longer for that, and asks for new ones as before", async () => {
    const issuer = await Issuer.start();
    try {
      steward = await stewardTrusting(issuer, { ...NO_DATABASE, ...clock.env });
      const sign = () => issuer.sign({ aud: steward.url });
      const old = await sign();
      expect((await pingWith(steward, old)).status).toBe(200);
      await issuer.rotate();
      await clock.set(-6);
      // New keys are not fetched within two seconds, at any time of the clock.
      await setTimeout(2100);
      expect((await pingWith(steward, await sign())).status).toBe(200);
      expect((await pingWith(steward, old)).status).toBe(401);
    } finally {
      await issuer.close();
    }
  });
});
