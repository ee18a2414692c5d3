import { readdir } from 'node:fs/promises';
import os from 'node:os';
import { expect, it } from '@jest/globals';
import { steward } from '../support/command.mjs';

it('the demo plays every step on a database of its own, and leaves nothing behind', async () => {
  const { code, stdout, stderr } = await steward(['demo'], {
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('CONFLICT');
  expect(stdout).toContain('Every step did what it says.');
  expect((await readdir(os.tmpdir())).filter((name) => name.startsWith('steward-demo-'))).toEqual([]);
});
