import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { FULL } from '../../resilience/lab/limits.js';
import { onEmbedded } from '../../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { startSteward, type Steward } from '../../support/steward.js';

/** What becomes of the copy that a client starts only to ask for the protocol's era. */
const ENDINGS: Record<string, (copy: Steward) => Promise<unknown>> = {
  'stays, too': async (copy) => expectRows(copy),
  'is closed after its greeting': (copy) => copy.stop(),
  'is killed after its greeting': kill,
  'is closed after its answer': async (copy) => expectRows(copy).then(() => copy.stop()),
  'is killed after its answer': async (copy) => expectRows(copy).then(() => kill(copy)),
};
const NAMES = Object.keys(ENDINGS);
const LATEST_MS = 500;
const ROUNDS = FULL ? 50 : NAMES.length;

/** Ten rounds have each ending of either copy. */
const rounds = Array.from({ length: ROUNDS }, (_, round) => ({
  ms: Math.round((LATEST_MS * round) / (ROUNDS - 1)),
  probe: round % 2 === 0 ? 'second' : 'first',
  ending: NAMES[round % NAMES.length] as string,
}));

onEmbedded('two copies of a local server that are started on a new folder (not on a server)', () => {
  let database: TestDatabase;
  let running: Steward[] = [];

  beforeEach(async () => {
    database = await freshDatabase();
    await rm(database.env['STEWARD_DATA_DIR'] as string, { recursive: true });
  });
  afterEach(async () => {
    await Promise.all(running.map((steward) => steward.stop()));
    running = [];
    await database.drop();
  });

  const start = async () => {
    const steward = await startSteward({ database, env: { CALL_DEADLINE_MS: '50000' } });
    running.push(steward);
    return steward;
  };

  it.each(rounds)(
    'both answer where the second starts $ms ms after the first, and the $probe $ending',
    async ({ ms, probe, ending }) => {
      const first = start();
      await delay(ms);
      const copies = [first, start()];
      const [stays, probes] = await Promise.all(probe === 'second' ? copies : copies.toReversed());
      await Promise.all([expectRows(stays as Steward), ENDINGS[ending]?.(probes as Steward)]);
      // What the other copy left behind is in nobody's way.
      await expectRows(stays as Steward);
    },
    240_000,
  );
});

/** A busy machine may need longer than any call waits. The answer says so, and this client tries again. */
async function expectRows(steward: Steward): Promise<void> {
  for (;;) {
    const { text, error, data } = await steward.call('list_recent_users', { limit: 5 });
    if (/is being created or opened.* Try again in a few seconds/.test(text)) continue;
    expect({ error, rows: data.users?.rows.length }).toEqual({ error: undefined, rows: 5 });
    return;
  }
}

async function kill(steward: Steward): Promise<void> {
  process.kill(steward.pid, 'SIGKILL');
}
