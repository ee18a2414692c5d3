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

  it.each<[string, Record<string, unknown>]>([
    [
      'lists',
      { fields: ['id', 'parent.name'], order_by: ['mood desc', 'id'], include: ['keepers(id, name)'] },
    ],
    [
      'objects',
      {
        fields: { id: true, 'parent.name': true },
        order_by: [{ mood: 'desc' }, 'id'],
        include: { keepers: ['id', 'name'] },
      },
    ],
  ])('takes %s, and those as JSON in text, for text', async (_, args) => {
    const filter = 'id < 4';
    const written = { fields: 'id, parent.name', order_by: 'mood desc, id', include: 'keepers(id, name)' };
    const inText = Object.fromEntries(
      Object.entries(args).map(([name, value]) => [name, JSON.stringify(value)]),
    );
    const [expected, given, text] = await Promise.all(
      [written, args, inText].map((form) => zoo.call('find_records', { model: 'Animal', filter, ...form })),
    );
    expect(expected?.data.records.rows).toHaveLength(3);
    expect(given?.data.records).toEqual(expected?.data.records);
    expect(text?.data.records).toEqual(expected?.data.records);
  });

  it.each([[[1]], [[null]], [{ id: 1 }], ['[1]'], ['{"id": null}']])(
    'refuses the fields %j',
    async (fields) => {
      expect((await zoo.call('find_records', { model: 'Animal', fields })).text).toBe(
        'VALIDATION: fields: must be text, or a list of texts.',
      );
    },
  );
});
