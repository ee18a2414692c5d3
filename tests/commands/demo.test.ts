import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { steward } from '../support/command.mjs';

it('the demo plays every step on databases of its own, and leaves nothing behind', async () => {
  const TMPDIR = await mkdtemp(path.join(os.tmpdir(), 'steward-test-'));
  const { code, stdout, stderr } = await steward(['demo'], {
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    TMPDIR,
  });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/every row: +actor=demo/);
  expect(stdout).toContain('[[2,"Moka, small"]]');
  expect(stdout).toContain('VALIDATION: filter: Customer has no field');
  expect(stdout).toContain('Every step did what it says.');
  expect(await readdir(TMPDIR)).toEqual([]);
  await rm(TMPDIR, { recursive: true });
}, 120_000);
