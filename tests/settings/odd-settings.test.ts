import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bareEnvironment, MAIN, ROOT } from '../support/command.mjs';
import { ENVIRONMENT } from '../../src/settings/environment.js';
import { DIRECTORY_SETTINGS } from '../../src/directory/settings.js';
import { RECORDS_SETTINGS } from '../../src/records/settings.js';

/** Far beyond what a command takes that is given up by then: it hangs. */
const HANGS_MS = 40_000;
const ODD = [
  ' ',
  ',',
  '.',
  '-1',
  '0',
  '1e9',
  '9'.repeat(40),
  'NaN',
  'null',
  '/',
  '/proc/x',
  '/proc/self/mem',
  '/dev/full',
  '/nonexistent/folder',
  '\u{1f4a9}',
  '%',
  '%00',
  '[',
  '{}',
  'http://',
  'https://[::1',
  'https://h/#',
  'postgresql://',
  'postgresql://%zz@/x',
  'postgresql://h:99999/x',
  'redis://127.0.0.1:1',
  '::1',
  '0.0.0.0/0',
  '::ffff:10.0.0.0/8',
  '1.2.3.4/33',
  '*',
  'a'.repeat(5000),
  'line\nbreak',
];
const SETTINGS = Object.keys({ ...ENVIRONMENT.shape, ...DIRECTORY_SETTINGS, ...RECORDS_SETTINGS });
const NOWHERE = 'postgresql://127.0.0.1:1/nowhere';
const folder = mkdtempSync(path.join(os.tmpdir(), 'steward-odd-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command to its end; a server is told to stop as soon as it serves. @returns all that it said */
async function outcomeOf(
  command: string[],
  env: Record<string, string | undefined>,
  options: { cwd?: string; uid?: number; gid?: number } = {},
) {
  const child = spawn(process.execPath, [MAIN, ...command], { env: bareEnvironment(env), ...options });
  child.stdin.end();
  let said = '';
  const hear = (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes('serving over http')) child.kill('SIGTERM');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const hanging = setTimeout(() => child.kill('SIGKILL'), HANGS_MS);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(hanging);
  return { code, signal, said };
}

function expectSentence({ signal, said }: Awaited<ReturnType<typeof outcomeOf>>): void {
  expect(signal).toBeNull();
  expect(said).not.toBe('');
  expect(said).not.toMatch(/\n\s+at |node:internal|ZodError|Invalid (input|option)|expected (string|number)/);
}

describe('Whatever the settings hold, the answer is a sentence', () => {
  it.each([['doctor'], ['http']])(
    'of steward %s',
    async (command) => {
      const odd = fc.tuple(fc.constantFrom(...SETTINGS), fc.constantFrom(...ODD));
      const property = fc.asyncProperty(fc.array(odd, { minLength: 1, maxLength: 3 }), async (pairs) => {
        const env = { DATABASE_URL: NOWHERE, HTTP_PORT: '0', ...Object.fromEntries(pairs) };
        expectSentence(await outcomeOf([command], env));
      });
      await fc.assert(property, { seed: 11, numRuns: 25, interruptAfterTimeLimit: 150_000 });
    },
    240_000,
  );

  it.each([
    ['STEWARD_DATA_DIR', '/proc/x', ['doctor'], /\/proc\/x cannot be used/],
    ['STEWARD_CONFIG', '/dev/full', ['doctor'], /\/dev\/full cannot be read: it is no file/],
    ['STEWARD_DATA_DIR', '/proc/self/mem', ['doctor'], /cannot be used|holds/],
    [
      'AUTH_TOKENS_FILE',
      '/proc/x/tokens',
      ['token', 'create', '--name', 'ann', '--scopes', 'directory:read'],
      /\/proc\/x/,
    ],
    ['TRUSTED_PROXIES', '0.0.0.0/0', ['http'], /TRUSTED_PROXIES must be addresses or networks/],
    ['LOG_LEVEL', 'loud', ['doctor'], /LOG_LEVEL must be one of /],
  ])('%s=%s', async (name, value, command, says) => {
    const outcome = await outcomeOf(command, { [name]: value });
    expectSentence(outcome);
    expect(outcome.code).toBe(1);
    expect(outcome.said).toMatch(says);
  });

  it('in a working folder that was deleted', async () => {
    const cwd = path.join(folder, 'gone');
    mkdirSync(cwd);
    // The shell enters it before it goes.
    const child = spawn('sh', ['-c', `rmdir "${cwd}"; "${process.execPath}" "${MAIN}" doctor`], {
      cwd,
      env: bareEnvironment(),
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    expect(said).toBe('The working folder is no longer there. Start Steward in another one.\n');
  });
});

/** Only root can become another user, who has to reach this checkout. */
const isOpen = (at: string): boolean =>
  (statSync(at).mode & 0o005) === 0o005 && (at === path.dirname(at) || isOpen(path.dirname(at)));
const asRoot = process.getuid?.() === 0 && isOpen(ROOT) ? describe : describe.skip;

asRoot('A user without a name and a home (as root only, where others may read the checkout)', () => {
  it('is served, and told what the embedded database needs', async () => {
    const nobody = { uid: 54_321, gid: 54_321 };
    const env = { HOME: undefined };
    expect(await outcomeOf(['--version'], env, nobody)).toMatchObject({ code: 0 });
    const embedded = await outcomeOf(['doctor'], env, nobody);
    expectSentence(embedded);
    expect(embedded.said).toContain('This user has no home folder. Set STEWARD_DATA_DIR, or HOME.');
    const served = await outcomeOf(['http'], { ...env, DATABASE_URL: NOWHERE, HTTP_PORT: '0' }, nobody);
    expectSentence(served);
    expect(served.said).toContain('serving over http');
  });
});
