import { describe } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { DEADLINE_MS, GRACE_MS } from './lab/limits.js';
import { underOutages } from './lab/outages.js';

/** Longer than the longest call. */
const PAUSE_MS = DEADLINE_MS + GRACE_MS + 500;

describe('pause: every process of PostgreSQL is stopped (SIGSTOP), and continued', () => {
  underOutages(async ({ site, stewards, load, from }) => {
    site.server.freeze();
    try {
      await setTimeout(PAUSE_MS);
    } finally {
      site.server.thaw();
    }
    const continued = performance.now();
    const silent = stewards.filter(
      ({ name }) =>
        !load.calls.some(
          ({ steward, end, error }) =>
            steward === name && error !== undefined && end > from && end < continued,
        ),
    );
    if (silent.length > 0) throw new Error(`${silent[0]?.name} answered no call during the pause.`);
  });
});
