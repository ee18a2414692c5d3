import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { bearing, pingWith, type HttpSteward } from '../support/http.js';
import { inSeconds, Issuer } from '../support/issuer.js';
import { stewardTrusting } from '../support/jwt-steward.js';

/** Whatever an issuer writes into a token that it signs, the answer is about the token: a server that cannot check it is another matter. */

const NO_DATABASE = { DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere' };

let issuer: Issuer;
let steward: HttpSteward;

beforeAll(async () => {
  issuer = await Issuer.start();
  steward = await stewardTrusting(issuer, { ...NO_DATABASE, RATE_LIMIT_PER_MINUTE: '1000000' });
});
afterAll(async () => {
  await steward.stop();
  await issuer.close();
});

const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');

/** Signs what no library would. */
function signed(header: object, claims: object): string {
  const usual = { iss: issuer.url, sub: 'ann', aud: steward.url, exp: inSeconds(300), scope: 'audit:read' };
  const { kid, alg, privateKey } = issuer.key;
  const text = `${part({ alg, kid, ...header })}.${part({ ...usual, ...claims })}`;
  const signature = sign('sha256', Buffer.from(text), KeyObject.from(privateKey));
  return `${text}.${signature.toString('base64url')}`;
}

/** A JSON value of any type, as a change of one field. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, 1, -1, 1.5, 1e300, '', 'x', [], {}, [[]], ['x'], { x: 1 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const changeOf = (...names: string[]) =>
  fc.dictionary(fc.constantFrom(...names), anything, { minKeys: 1, maxKeys: 3 });

const HEADER = 'alg typ kid cty crit b64 jwk jku x5u x5c x5t zip enc'.split(' ');
const CLAIMS = 'iss sub aud exp nbf iat jti scope scp client_id azp token_use'.split(' ');

describe('a signed token', () => {
  it('is good as it is', async () => {
    expect(await pingWith(steward, signed({}, {}))).toMatchObject({ status: 200 });
  });

  it.each([
    [{ typ: 1 }],
    [{ typ: null }],
    [{ typ: ['JWT'] }],
    [{ typ: {} }],
    [{ crit: 1 }],
    [{ crit: ['x'] }],
  ])('with the header %j is refused', async (header) => {
    expect(await pingWith(steward, signed(header, {}))).toMatchObject({ status: 401 });
  });

  it('with fields of any type in its header and its claims is taken or refused, never the server’s fault', async () => {
    const change = fc.record(
      { header: changeOf(...HEADER), claims: changeOf(...CLAIMS) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(change, async ({ header = {}, claims = {} }) => {
        const { status, json } = await steward.request('tools/list', {}, bearing(signed(header, claims)));
        expect([200, 401]).toContain(status);
        // Nobody gets more by it than the token grants.
        if (status === 200 && !('scope' in claims) && !('scp' in claims))
          expect(json?.result?.['tools']).toHaveLength(1);
      }),
      { seed: 12, numRuns: 400 },
    );
    await steward.stop();
    expect(steward.stderr()).not.toContain('"level":"error"');
  });
});
