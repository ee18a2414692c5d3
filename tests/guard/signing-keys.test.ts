import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { codeOf, pingWith, type HttpAnswer, type HttpSteward } from '../support/http.js';
import { Issuer, newKey, type Claims } from '../support/issuer.js';
import { expectUnauthorised, stewardTrusting } from '../support/jwt-steward.js';
import { linesOf, logged } from '../support/log.js';

/** A ping needs none. */
const NO_DATABASE = { DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere' };

describe('the keys of the issuer', () => {
  let issuer: Issuer;
  let steward: HttpSteward;

  beforeEach(async () => {
    issuer = await Issuer.start();
    steward = await stewardTrusting(issuer, NO_DATABASE);
  });
  afterEach(async () => {
    await steward.stop();
    await issuer.close();
  });

  const ping = async (claims: Claims = {}) =>
    pingWith(steward, await issuer.sign({ aud: steward.url, ...claims }));

  const pingUntil = (status: number): Promise<HttpAnswer> =>
    eventually(async () => {
      const answer = await ping();
      return answer.status === status && answer;
    });

  it.each(['hangs', 'fails', 'talks garbage', 'has no keys'] as const)(
    'cannot be had while it %s, which is a 503 and no fault of the client; then they can',
    async (behaviour) => {
      issuer.behaviour = behaviour;
      const answers = await Promise.all([ping(), ping(), ping()]);
      for (const answer of answers) {
        expect(answer.status).toBe(503);
        expect(codeOf(answer)).toBe('UNAVAILABLE');
        expect(answer.headers['retry-after']).toBe('5');
        expect(answer.headers['www-authenticate']).toBeUndefined();
      }
      expect(await steward.logged("the issuer's keys cannot be had")).toMatchObject({ level: 'warn' });
      issuer.behaviour = 'answers';
      await pingUntil(200);
    },
  );

  it('cannot be had while it is down, and it is not asked for each call', async () => {
    await issuer.close();
    const refused = linesOf(steward, 'request refused').length;
    for (let calls = 0; calls < 20; calls += 1) expect(await ping()).toMatchObject({ status: 503 });
    await logged(steward, 'request refused', refused + 20);
    const warnings = steward.log().filter(({ message }) => message.includes('keys cannot be had'));
    expect(warnings).not.toEqual([]);
    expect(warnings.length).toBeLessThan(10);
    await issuer.open();
    await pingUntil(200);
  });

  it('are asked for once and kept, also over an outage', async () => {
    const before = issuer.keyRequests;
    await Promise.all(Array.from({ length: 10 }, () => ping()));
    await issuer.close();
    expect(await ping()).toMatchObject({ status: 200 });
    await issuer.open();
    expect(issuer.keyRequests).toBe(before + 1);
  });

  it('are asked for again when a token names a new one, but not for every stranger; what was withdrawn is good for nothing', async () => {
    const old = await issuer.sign({ aud: steward.url });
    expect(await pingWith(steward, old)).toMatchObject({ status: 200 });
    await issuer.rotate();
    await pingUntil(200);
    expect(await pingWith(steward, old)).toMatchObject({ status: 401 });
    const before = issuer.keyRequests;
    const stranger = await newKey('RS256');
    const strange = () =>
      issuer.sign({ aud: steward.url }, {}, stranger).then((token) => pingWith(steward, token));
    for (let tries = 0; tries < 10; tries += 1) {
      expectUnauthorised(
        await strange(),
        steward,
        'The access token is signed with a key that its issuer does not have.',
      );
    }
    expect(issuer.keyRequests - before).toBeLessThan(5);
  });

  it('are several of one kind: then a token has to say which', async () => {
    await issuer.publish(issuer.key, await newKey('RS256'));
    const unnamed = await issuer.sign({ aud: steward.url }, { kid: undefined });
    expectUnauthorised(
      await pingWith(steward, unnamed),
      steward,
      'The access token does not say which key it is signed with.',
    );
    expect(await ping()).toMatchObject({ status: 200 });
  });
});
