import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from './support/command.mjs';

// What V8 made of the bundle at build time stands beside it. Left to itself, V8 takes code of another source of the same
// length, and crashes on some that was damaged.

let folder: string;
let main: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-cache-'));
  for (const name of ['dist', 'package.json']) await cp(name, path.join(folder, name), { recursive: true });
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'));
  main = path.join(folder, 'dist', 'main.js');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bundle = (name: string) => path.join(folder, 'dist', name);

it.each([0.01, 0.25, 0.5, 0.9])('code that was damaged at %p of its length is passed over', async (at) => {
  const code = await readFile(bundle('steward.cjs.cache'));
  const damaged = Buffer.from(code);
  damaged.fill(0xff, Math.floor(code.length * at), Math.floor(code.length * at) + 64);
  await writeFile(bundle('steward.cjs.cache'), damaged);
  expect(await run([main, '--version'])).toMatchObject({ code: 0, stderr: '' });
  await writeFile(bundle('steward.cjs.cache'), code);
});

it('a program that was changed is run as it is now, though it is as long as before', async () => {
  const source = await readFile(bundle('steward.cjs'), 'latin1');
  const changed = source.replace('check configuration, connection', 'chuck configuration, connection');
  expect(changed).not.toBe(source);
  await writeFile(bundle('steward.cjs'), changed, 'latin1');
  expect((await run([main, '--help'])).stdout).toContain('chuck configuration');
});
