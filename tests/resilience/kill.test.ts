import { describe, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { DURATION_MS, LOST, PATIENCE, PATIENT_MS } from './lab/limits.js';
import { underLoad } from './lab/load.js';
import { expectNoSessions, itKeepsEveryPromise, useSite } from './lab/promises.js';

const FEWEST_ROUNDS = 2;
const LEFT_WITHIN_MS = 5000;
/** Moments fall into a change as well as between two. */
const changesBefore = () => 3 + Math.random() * 17;
const momentMs = () => Math.random() * 30;

describe('kill: Steward is killed (SIGKILL) at random moments, over HTTP and stdio', () => {
  const site = useSite();

  /** Each round begins with new processes, whose first calls have to be served: no window allows them to fail. */
  it('leaves no session and no lock in PostgreSQL, and a new process serves at once', async () => {
    const until = performance.now() + DURATION_MS;
    for (let round = 0; performance.now() < until || round < FEWEST_ROUNDS; round += 1) {
      const pair = await site.both(PATIENCE);
      const lives = pair.map((steward) =>
        underLoad(site, [steward], async (load) => {
          await load.changes(steward, changesBefore());
          await setTimeout(momentMs());
          site.allow([LOST], performance.now(), Infinity, steward);
          await site.kill(steward);
        }),
      );
      await Promise.all(lives);
      await expectNoSessions(site, true, LEFT_WITHIN_MS);
    }
  });

  itKeepsEveryPromise(site, PATIENT_MS);
});
