import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Zoo } from './zoo/zoo.js';

describe('find_records', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo();
  });
  afterAll(() => zoo.stop());

  it.each([
    ["name = 'Ada'", [1]],
    ['nick = NICK', [1, 2]],
    ['name starts with A and id < 4', [1]],
    ['parent.name = Ada and id < 4', [2, 3]],
    ['parent is null', [1]],
    ['keepers some (rooms some (floor = 1))', [1, 2]],
    ['visits none () and id < 8', [6, 7]],
    ['id in (1, 2, 3) and number not in (10)', [2]],
  ])('finds by %s', async (filter, ids) => {
    expect(await zoo.find('Animal', filter)).toEqual(ids);
  });
});
