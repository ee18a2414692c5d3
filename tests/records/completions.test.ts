import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo, type Zoo } from './zoo/zoo.js';

describe('completions of records', () => {
  let zoo: Zoo;
  beforeAll(async () => {
    zoo = await startZoo({ beside: { caller: { scopes: ['records:read'] } } });
  });
  afterAll(() => zoo.stop());

  const complete = async (name: string, value: string, chosen: Record<string, string> = {}) => {
    const ref = { type: 'ref/prompt' as const, name: 'explore' };
    const request = { ref, argument: { name, value }, context: { arguments: chosen } };
    return (await zoo.steward.client.complete(request)).completion.values;
  };

  it.each<[string, string, Record<string, string>, string[]]>([
    ['model', 'Ro', {}, ['Room']],
    ['field', 'mo', { model: 'Animal' }, ['mood', 'moods']],
    ['field', 'pass', { model: 'Animal' }, []],
    ['field', '', { model: 'Salary' }, []],
    ['field', '', {}, []],
    ['value', '', { model: 'Animal', field: 'mood' }, ['CALM', 'WILD', 'Mixed']],
    ['value', 't', { model: 'Animal', field: 'alive' }, ['true']],
    ['value', '', { model: 'Animal', field: 'microchip' }, []],
  ])('of %s that begin with %j, with %j chosen', async (name, typed, chosen, values) => {
    expect(await complete(name, typed, chosen)).toEqual(values);
  });

  it('lead to a prompt', async () => {
    const { messages } = await zoo.steward.client.getPrompt({
      name: 'explore',
      arguments: { model: 'Animal', field: 'mood', value: 'WILD' },
    });
    expect(JSON.stringify(messages)).toContain(
      'Explore the model \\"Animal\\", and above all its field \\"mood\\" where it is \\"WILD\\".',
    );
  });
});
