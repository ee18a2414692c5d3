import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ROOT } from './support/command.mjs';

const run = promisify(execFile);
const today = new Date().toISOString().slice(0, 10);

const VERSION = '1.2.3';
const FIGURES = `Made on ${today} on 2 cores.

| figure      | target | reached |
| ----------- | ------ | ------- |
| a quick one | ≤ 1.10 | yes     |
| a slow one  | ≤ 1.10 | **no**  |

### Exception of ${today}: a slow one

A profile says why.
`;
const FILES = {
  'package.json': JSON.stringify({ version: VERSION }),
  'package-lock.json': JSON.stringify({ version: VERSION, packages: { '': { version: VERSION } } }),
  'server.json': JSON.stringify({ version: VERSION, packages: [{ version: VERSION }] }),
  'CHANGELOG.md': `# Changelog\n\n## ${VERSION} – 2026-01-01\n\n- A change.\n\n## 1.2.2 – 2025-01-01\n\n- An older one.\n`,
  'docs/performance.md': FIGURES,
};
type File = keyof typeof FILES;

let project: string;

beforeEach(async () => {
  project = await mkdtemp(path.join(os.tmpdir(), 'release-'));
  await cp(path.join(ROOT, 'scripts', 'release'), path.join(project, 'scripts', 'release'), {
    recursive: true,
  });
  await mkdir(path.join(project, 'docs'));
  for (const [file, text] of Object.entries(FILES)) await writeFile(path.join(project, file), text);
  await git('init', '--quiet');
  await commit();
});
afterEach(() => rm(project, { recursive: true, force: true }));

const git = (...args: string[]) => run('git', args, { cwd: project });

async function commit() {
  await git('add', '--all');
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  await git(...author, 'commit', '--quiet', '--allow-empty', '--message', 'x');
}

async function change(file: File, from: string, to: string) {
  const text = await readFile(path.join(project, file), 'utf8');
  expect(text).toContain(from);
  await writeFile(path.join(project, file), text.replace(from, to));
  await commit();
}

/** What the command says of a release. */
async function check(): Promise<string> {
  const script = path.join(project, 'scripts', 'release', 'main.mjs');
  const { stdout } = await run(process.execPath, [script, '--check']).catch((error: { stderr: string }) => ({
    stdout: error.stderr,
  }));
  return stdout;
}

describe('npm run release', () => {
  it('goes on where all is in step', async () => {
    expect(await check()).toBe('1.2.3 is in step.\n');
  });

  const FAULTS: [what: string, file: File, from: string, to: string, reason: string][] = [
    [
      'another version in server.json',
      'server.json',
      `"version":"1.2.3"}]`,
      `"version":"1.2.2"}]`,
      'server.json has',
    ],
    [
      'a changelog that ends before it',
      'CHANGELOG.md',
      '## 1.2.3',
      '## 1.2.1',
      '"## 1.2.3 – year-month-day"',
    ],
    [
      'a version without a date',
      'CHANGELOG.md',
      '1.2.3 – 2026-01-01',
      '1.2.3',
      '"## 1.2.3 – year-month-day"',
    ],
    ['a date that is none', 'CHANGELOG.md', '2026-01-01', '2026-99-99', '"## 1.2.3 – year-month-day"'],
    [
      'a lock of another version',
      'package-lock.json',
      '"version":"1.2.3"}}',
      '"version":"1.2.2"}}',
      'package-lock.json has another',
    ],
    [
      'figures to come',
      'docs/performance.md',
      `Made on ${today}`,
      'Made on 2999-01-01',
      'were made on 2999-01-01',
    ],
    ['a version without changes', 'CHANGELOG.md', '- A change.', '', 'says nothing about 1.2.3'],
    [
      'changes under no version',
      'CHANGELOG.md',
      '## 1.2.3',
      '## Unreleased\n\n- One.\n\n## 1.2.3',
      'under "Unreleased"',
    ],
    [
      'old figures',
      'docs/performance.md',
      `Made on ${today}`,
      'Made on 2020-01-01',
      'were made on 2020-01-01',
    ],
    ['no date of the figures', 'docs/performance.md', 'Made on', 'On', 'were made nobody knows when'],
    [
      'a figure missed without a reason',
      'docs/performance.md',
      ': a slow one',
      ': one',
      'of "a slow one" is not reached',
    ],
    [
      'a reason from before',
      'docs/performance.md',
      `Exception of ${today}`,
      'Exception of 2020-01-01',
      'is not reached',
    ],
  ];
  for (const [what, file, from, to, reason] of FAULTS) {
    it(`refuses ${what}`, async () => {
      await change(file, from, to);
      const said = await check();
      expect(said).toContain('1.2.3 is not released:\n- ');
      expect(said).toContain(reason);
    });
  }

  it('refuses what is not committed, and a version that has its tag', async () => {
    await writeFile(path.join(project, 'CHANGELOG.md'), `${FILES['CHANGELOG.md']}\n`);
    expect(await check()).toContain('not committed:\n M CHANGELOG.md');
    await commit();
    await git('tag', 'v1.2.3');
    expect(await check()).toContain('v1.2.3 is released already');
  });
});
