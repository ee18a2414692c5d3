import { expect, it } from '@jest/globals';
import { run } from './support/command.mjs';

it('docs/ shows the capabilities and the settings as the code has them', async () => {
  const { code, stderr } = await run(['scripts/generated-docs.mjs', '--check']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
