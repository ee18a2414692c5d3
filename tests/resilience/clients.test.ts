import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RawClient } from '../support/raw-client.js';
import { type Attack, CALL, deaf, deafForAMoment, QUICK, SLOW } from './lab/attacks.js';
import { DEADLINE_MS, FULL, GRACE_MS, LIMITS } from './lab/limits.js';
import { underLoad } from './lab/load.js';
import { itKeepsEveryPromise, useSite } from './lab/promises.js';
import type { OverHttp } from './lab/site.js';
import { inFlight, memoryOf, OBSERVED, socketsOf } from './lab/vitals.js';

/** Of each kind: together more than may be under way. */
const EACH = FULL ? 100 : 20;
/** The pool may hold all of its connections by then, and clients keep some open. Attackers come by the score. */
const SPARE_SOCKETS = 12;
const SPARE_MB = 8;
const SETTLED_WITHIN_MS = 5000;
const LEAST_SERVED = 0.95;
/**
 * Codes that fit a server with much to do. A call that is cancelled costs its connection to the database, and a new one is
 * given up after DB_ACQUIRE_TIMEOUT_MS: that looks the same as a database that is away. Without tokens attackers and
 * honest clients are one caller, so its limit may be the one that is reached.
 */
const BUSY = ['RATE_LIMITED', 'TIMEOUT', 'UNAVAILABLE', 'DATABASE_UNAVAILABLE'];
/** More than the pipes hold. */
const CALLS_AT_ONCE = 300;

describe('clients: slow, deaf, half gone, or reset in the middle of a call', () => {
  const site = useSite();
  let steward: OverHttp;

  beforeAll(async () => {
    steward = await site.http({ ...LIMITS, ...OBSERVED });
    // Whatever is made once, and kept, is no leak: there is an attack before anything is measured.
    await underAttack([...QUICK, deafForAMoment]);
  });

  /** All kinds at once, many of each, while honest clients are at work. */
  async function underAttack(kinds: Attack[]): Promise<void> {
    const from = performance.now();
    const many = (kind: Attack) => Array.from({ length: EACH }, () => kind(steward.http.port));
    await underLoad(site, [steward], () => Promise.all(kinds.flatMap(many)));
    site.allow(BUSY, from, performance.now());
    await eventually(async () => (await inFlight(steward)) === 0, SETTLED_WITHIN_MS);
  }

  it('each is hung up on in time; no place in flight, no socket and no memory stays', async () => {
    const [sockets, memory] = [socketsOf(steward), await memoryOf(steward)];
    await underAttack([...SLOW, ...QUICK, FULL ? deaf : deafForAMoment]);
    await eventually(() => socketsOf(steward) <= sockets + SPARE_SOCKETS, SETTLED_WITHIN_MS);
    expect((await memoryOf(steward)) - memory).toBeLessThan(SPARE_MB);
  });

  it('of the calls of honest clients, 95 % are served', () => {
    const { calls } = site.journal;
    const served = calls.filter(({ error }) => error === undefined);
    expect(served.length / calls.length).toBeGreaterThan(LEAST_SERVED);
  });

  it.each(['that reads', 'that has stopped reading'])(
    'the server of a client over stdio %s ends when the client is killed',
    async (kind) => {
      const client = new RawClient(site.environment(LIMITS));
      await client.greet();
      if (kind !== 'that reads') client.child.stdout.pause();
      client.write(`${CALL}\n`.repeat(CALLS_AT_ONCE));
      await setTimeout(1000);
      // As the system does for a process that is killed.
      for (const pipe of client.child.stdio) pipe?.destroy();
      const patience = setTimeout(2 * DEADLINE_MS + GRACE_MS, undefined, { ref: false });
      const end = await Promise.race([client.exited, patience]);
      if (end === undefined) await client.kill();
      expect(end).toMatchObject({ signal: null });
    },
  );

  // The deadline counts from when a request has been read, which a flood delays.
  itKeepsEveryPromise(site, 2 * DEADLINE_MS);
});
