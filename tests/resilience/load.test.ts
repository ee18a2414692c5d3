import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../support/free-port.mjs';
import { REDIS_IS_HERE, RedisServer } from '../support/redis-server.mjs';
import { connectOverHttp } from './lab/client.js';
import { AWAY, FULL, LOST } from './lab/limits.js';
import { type Load, underLoad } from './lab/load.js';
import { itServesAgain } from './lab/outages.js';
import { itKeepsEveryPromise, useSite } from './lab/promises.js';
import type { OverHttp } from './lab/site.js';
import { memoryOf, OBSERVED } from './lab/vitals.js';

const CLIENTS = FULL ? 64 : 16;
const DURATION_MS = FULL ? 60_000 : 15_000;
/** Shares of the whole time. On a slow machine, code is still being compiled after two seconds; the kill waits for the look. */
const EARLY = FULL ? 0.15 : 0.24;
const KILL = 0.25;
const START = 0.35;
const STOP = 0.5;
const LATE = 0.9;
const OUTAGE_MS = 2000;
/** A killed process may be noticed for this long. */
const NOTICED_MS = 1000;
const RECOVERY_MS = 5000;
/** Memory in use may grow by this share of itself. */
const GROWTH = 0.1;
/** The default of CALL_DEADLINE_MS: the load runs with the limits of production. */
const DEADLINE_MS = 10_000;

describe(`load: ${CLIENTS} clients at two processes behind a round robin; one is killed, PostgreSQL is stopped`, () => {
  const site = useSite();
  const recoveries: number[] = [];
  const memory: number[] = [];
  let victim: OverHttp;
  let startedAgain = 0;

  beforeAll(async () => {
    const redis = REDIS_IS_HERE ? await RedisServer.create() : undefined;
    site.defer(() => redis?.stop());
    const env = { ...OBSERVED, ...(redis && { REDIS_URL: redis.url }) };
    const victimEnv = { ...env, HTTP_PORT: String(await freePort()) };
    const survivor = await site.http(env);
    victim = await site.http(victimEnv);
    const ports = [survivor.http.port, victim.http.port];
    const balancer = { connect: () => connectOverHttp(ports) };

    const course = async (load: Load) => {
      const began = performance.now();
      const until = (share: number) => setTimeout(began + share * DURATION_MS - performance.now());
      await until(EARLY);
      memory.push(await memoryOf(survivor));
      await until(KILL);
      const killed = performance.now();
      await site.kill(victim);
      site.allow([LOST], killed, killed + NOTICED_MS, victim);
      await until(START);
      await site.http(victimEnv);
      startedAgain = performance.now();
      await until(STOP);
      const stopped = performance.now();
      await site.server.stop('immediate');
      await setTimeout(OUTAGE_MS);
      await site.server.start();
      const answering = performance.now();
      site.allow(AWAY, stopped, answering + RECOVERY_MS);
      recoveries.push(await load.recovery(answering));
      await until(LATE);
      memory.push(await memoryOf(survivor));
      await until(1);
    };
    await underLoad(site, [balancer], course, CLIENTS);
  });

  it('the process that was started again serves', () => {
    const served = site.journal.calls.filter(
      ({ steward, start, error }) => steward === victim.name && start > startedAgain && error === undefined,
    );
    expect(served).not.toEqual([]);
  });

  it('memory stays flat', () => {
    const [early = 0, late = Infinity] = memory;
    expect(late).toBeLessThan(early * (1 + GROWTH));
  });

  itServesAgain(recoveries, RECOVERY_MS);
  itKeepsEveryPromise(site, DEADLINE_MS);
});
