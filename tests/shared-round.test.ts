import { expect, it } from '@jest/globals';
import { SharedRound } from '../src/database/shared-round.js';

it('gives all calls during a run the next one, which they share: no answer is older than its call', async () => {
  let runs = 0;
  const ends: (() => void)[] = [];
  const round = new SharedRound(async () => {
    runs += 1;
    const run = runs;
    await new Promise<void>((resolve) => ends.push(resolve));
    return run;
  });
  const first = [round.join(), round.join()];
  while (ends.length === 0) await Promise.resolve();
  const second = [round.join(), round.join()];
  ends[0]?.();
  expect(await Promise.all(first)).toEqual([1, 1]);
  while (ends.length === 1) await Promise.resolve();
  ends[1]?.();
  expect(await Promise.all(second)).toEqual([2, 2]);
});
