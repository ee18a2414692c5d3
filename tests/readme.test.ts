import { expect, it } from '@jest/globals';
import { run } from './support/command.mjs';

it('README.md shows the capabilities and the configuration as the code has them', async () => {
  const { code, stderr } = await run(['scripts/readme-tables.mjs', '--check']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
