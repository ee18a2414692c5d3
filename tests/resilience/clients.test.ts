import { beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { bareEnvironment } from '../support/command.mjs';
import { eventually } from '../support/eventually.js';
import { type Attack, deaf, deafForAMoment, QUICK, SLOW } from './lab/attacks.js';
import { DEADLINE_MS, FULL, GRACE_MS, LIMITS } from './lab/limits.js';
import { underLoad } from './lab/load.js';
import { itKeepsEveryPromise, useSite } from './lab/promises.js';
import type { OverHttp } from './lab/site.js';
import { inFlight, memoryOf, OBSERVED, socketsOf } from './lab/vitals.js';

/** Of each kind from each address: together more than one caller may have under way. */
const EACH = FULL ? 20 : 4;
const ADDRESSES = 5;
/** The pool may hold all of its connections by then, and clients keep some open. Attackers come by the score. */
const SPARE_SOCKETS = 12;
const SPARE_MB = 8;
const SETTLED_WITHIN_MS = 5000;
const LEAST_SERVED = 0.95;
/**
 * Codes that fit a server with much to do. A call that is cancelled costs its connection to the database, and a new one is
 * given up after DB_ACQUIRE_TIMEOUT_MS: that looks the same as a database that is away.
 */
const BUSY = ['TIMEOUT', 'UNAVAILABLE', 'DATABASE_UNAVAILABLE'];
const DYING = new URL('lab/stdio-client.mjs', import.meta.url);

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
    const many = (kind: Attack) =>
      Array.from({ length: EACH * ADDRESSES }, (_, n) => kind(steward.http.port, `10.66.0.${n % ADDRESSES}`));
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
      const client = fork(DYING, {
        env: bareEnvironment(site.environment(LIMITS)),
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      const [pid] = (await once(client, 'message')) as [number];
      if (kind !== 'that reads') {
        client.kill('SIGSTOP');
        await setTimeout(1000);
      }
      client.kill('SIGKILL');
      const ended = () => !existsSync(`/proc/${pid}`);
      await eventually(ended, 2 * DEADLINE_MS + GRACE_MS).catch(() => process.kill(pid, 'SIGKILL'));
      expect(ended()).toBe(true);
    },
  );

  // The deadline counts from when a request has been read, which a flood delays.
  itKeepsEveryPromise(site, 2 * DEADLINE_MS);
});
