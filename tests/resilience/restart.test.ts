import { describe } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { underOutages } from './lab/outages.js';

const MODES = ['fast', 'immediate'] as const;
const LONGEST_MS = 1500;

describe('restart: PostgreSQL is stopped, fast and immediate in turn, and started', () => {
  underOutages(
    async ({ site, round }) => {
      await site.server.stop(MODES[round % MODES.length]);
      await setTimeout(Math.random() * LONGEST_MS);
      await site.server.start();
    },
    { atLeast: MODES.length },
  );
});
