import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { drawDemo } from '../../scripts/pictures/demo.mjs';
import { ROOT, steward, type Ran } from '../support/command.mjs';

describe('the demo', () => {
  let played: Ran;
  let left: string[];
  beforeAll(async () => {
    const TMPDIR = await mkdtemp(path.join(os.tmpdir(), 'steward-test-'));
    const DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/none';
    played = await steward(['demo'], { DATABASE_URL, TMPDIR, FORCE_COLOR: '1' });
    left = await readdir(TMPDIR);
    await rm(TMPDIR, { recursive: true });
  }, 120_000);

  it('plays every step on databases of its own, and leaves nothing behind', () => {
    const { code, stderr, stdout } = played;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const text = stripVTControlCharacters(stdout);
    expect(text).toMatch(/every row: +actor=demo/);
    expect(text).toContain('[[2,"Moka, small"]]');
    expect(text).toContain('VALIDATION: filter: Customer has no field');
    expect(text).toContain('Every step did what it says.');
    expect(left).toEqual([]);
  });

  it('ends as the picture shows it (npm run docs:pictures -- demo)', async () => {
    const picture = await readFile(path.join(ROOT, 'docs', 'pictures', 'demo.svg'), 'utf8');
    expect(drawDemo(played.stdout)).toBe(picture);
  });
});
