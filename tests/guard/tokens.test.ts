import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { steward as run, type Ran } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { bearing, codeOf, HttpSteward, pingWith } from '../support/http.js';
import { logged } from '../support/log.js';

interface TokenFile {
  tokens: { name: string; sha256: string; scopes: string[]; created: string; expires: string | null }[];
}

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-tokens-'));
  file = path.join(folder, 'inner', 'tokens.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const token = (...args: string[]): Promise<Ran> => run(['token', ...args], { AUTH_TOKENS_FILE: file });

const create = (name: string, scopes = 'directory:read', ...more: string[]) =>
  token('create', '--name', name, '--scopes', scopes, ...more);

const stored = async () => (JSON.parse(await readFile(file, 'utf8')) as TokenFile).tokens;

describe('steward token', () => {
  it('create prints the token alone, and keeps its SHA-256 alone, in a file of its owner only', async () => {
    const { code, stdout, stderr } = await create('payroll', 'audit:read,directory:read');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stw_[A-Za-z0-9_-]{43}\n$/);
    expect(stderr).toMatch(
      /^This is the token of payroll, for directory:read, audit:read, until revoked. It is not shown again/,
    );
    expect(stderr).not.toContain(stdout.trim());
    expect(await stored()).toEqual([
      {
        name: 'payroll',
        sha256: createHash('sha256').update(stdout.trim()).digest('hex'),
        scopes: ['directory:read', 'audit:read'],
        created: expect.stringMatching(/^\d{4}-.*Z$/),
        expires: null,
      },
    ]);
    expect(await readFile(file, 'utf8')).not.toContain(stdout.trim().slice(4));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    expect(await readdir(path.dirname(file))).toEqual(['tokens.json']);
  });

  it('list tells of each token its name, scopes and times, and of none what it is', async () => {
    const first = (await create('payroll', 'directory:read, directory:write')).stdout.trim();
    await create('reports', 'audit:read', '--expires-in-days', '30');
    const { code, stdout } = await token('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^payroll {2}directory:read,directory:write {2}created \S+Z {2}until revoked\nreports {2}audit:read {22}created \S+Z {2}until \S+Z\n$/,
    );
    expect(stdout).not.toContain(first);
    for (const { sha256 } of await stored()) expect(stdout).not.toContain(sha256);
    const expires = Date.parse((await stored())[1]?.expires ?? '');
    expect(Math.round((expires - Date.now()) / 86_400_000)).toBe(30);
  });

  it('list says that there are none where there is no file, and makes none', async () => {
    expect(await token('list')).toEqual({ code: 0, stdout: '', stderr: 'There are no tokens.\n' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('revoke takes one out, and leaves the others', async () => {
    await create('payroll');
    await create('reports');
    expect(await token('revoke', '--name', 'payroll')).toMatchObject({ code: 0, stdout: '' });
    expect((await stored()).map(({ name }) => name)).toEqual(['reports']);
    const again = await token('revoke', '--name', 'payroll');
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There is no token of this name/),
    });
  });

  it('create refuses a name that is taken, and leaves the file as it was', async () => {
    await create('payroll');
    const before = await readFile(file, 'utf8');
    expect(await create('payroll', 'audit:read')).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^There is a token of this name/),
    });
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(await readdir(path.dirname(file))).toEqual(['tokens.json']);
  });

  it.each([
    [['create', '--name', 'x'], /required option '--scopes/],
    [['create', '--scopes', 'audit:read'], /required option '--name/],
    [
      ['create', '--name', 'a\u202Eb', '--scopes', 'audit:read'],
      /'--name <name>' argument .* up to 100 visible/,
    ],
    [['create', '--name', 'a\nb', '--scopes', 'audit:read'], /'--name <name>' argument/],
    [['create', '--name', 'x', '--scopes', 'audit:read,admin'], /There are the scopes directory:read/],
    [['create', '--name', 'x', '--scopes', ''], /There are the scopes directory:read/],
    [['create', '--expires-in-days', '0'], /whole number, 1 to 3650/],
    [['create', '--expires-in-days', '1.5'], /whole number, 1 to 3650/],
    [['revoke'], /required option '--name/],
    [['rotate'], /unknown command/],
  ])('%j is refused, and makes no file', async (args, says) => {
    const { code, stdout, stderr } = await token(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await readdir(folder)).toEqual([]);
  });

  it('create by several at once loses none of theirs', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const made = await Promise.all(names.map((name) => create(name)));
    expect(made.map(({ code }) => code)).toEqual(names.map(() => 0));
    expect((await stored()).map(({ name }) => name).toSorted()).toEqual(names);
    expect(new Set(made.map(({ stdout }) => stdout)).size).toBe(names.length);
  });

  it('says so where another was killed half-way; what was there is as it was', async () => {
    await create('payroll');
    await writeFile(`${file}.lock`, '{"tok');
    const { code, stderr } = await create('reports');
    expect(code).toBe(1);
    expect(stderr).toMatch(/tokens\.json\.lock is there: another "steward token" is at work, or was killed/);
    expect((await stored()).map(({ name }) => name)).toEqual(['payroll']);
  });

  it('does not write over a file that it does not understand', async () => {
    await create('payroll');
    await writeFile(file, '{"tokens":[{"name":"payroll"}]}');
    for (const { code, stderr } of [
      await create('x'),
      await token('list'),
      await token('revoke', '--name', 'x'),
    ]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/tokens\.json does not hold what "steward token" writes there/);
    }
    expect(await readFile(file, 'utf8')).toBe('{"tokens":[{"name":"payroll"}]}');
    expect(await readdir(path.dirname(file))).toEqual(['tokens.json']);
  });

  it.each([0o666, 0o620, 0o602])('refuses a file that others can write to (mode %o)', async (mode) => {
    await create('payroll');
    await chmod(file, mode);
    for (const { code, stderr } of [await create('x'), await token('list')]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/Others than its owner can write to .*tokens\.json .*then: chmod 600 /);
    }
  });

  it('follows a link, and leaves it one', async () => {
    await create('payroll');
    const real = file;
    file = path.join(folder, 'link.json');
    await symlink(real, file);
    await create('reports');
    expect((JSON.parse(await readFile(real, 'utf8')) as TokenFile).tokens).toHaveLength(2);
    expect(await readdir(folder)).toEqual(['inner', 'link.json']);
  });
});

describe('with AUTH_MODE=token', () => {
  let database: TestDatabase;
  let steward: HttpSteward;

  beforeAll(async () => void (database = await freshDatabase()));
  afterAll(() => database.drop());

  const start = async () => {
    steward = await HttpSteward.start({ ...database.env, AUTH_MODE: 'token', AUTH_TOKENS_FILE: file });
  };
  afterEach(() => steward?.stop());

  const statusOf = async (bearer: string) => (await pingWith(steward, bearer)).status;

  /** A change of the file is noticed within about a second, and 5 s are always enough. */
  const becomes = async (bearer: string, status: number) => {
    await eventually(async () => (await statusOf(bearer)) === status, 5000);
    expect(await statusOf(bearer)).toBe(status);
  };

  it('a token is its caller, with its scopes, and the actor of what it changes', async () => {
    const writer = (await create('payroll', 'directory:write')).stdout.trim();
    const reader = (await create('reports', 'directory:read')).stdout.trim();
    await start();
    const change = { user_id: 6, role: 'Auditor' };
    expect(await steward.call('set_user_role', change, bearing(writer))).toMatchObject({ status: 200 });
    expect(await database.query('SELECT actor FROM user_audit_log WHERE user_id = 6')).toEqual([
      { actor: 'payroll' },
    ]);
    const refused = await steward.call('set_user_role', change, bearing(reader));
    expect(refused.status).toBe(403);
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer realm="steward", error="insufficient_scope", error_description="This needs the scope directory:write.", scope="directory:read directory:write"',
    );
    expect(await steward.call('list_departments', {}, bearing(reader))).toMatchObject({ status: 200 });
  });

  it('anything else is refused, and is not in the log', async () => {
    const good = (await create('payroll')).stdout.trim();
    await start();
    const none = await steward.request('ping');
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toBe(
      'Bearer realm="steward", scope="directory:read directory:write audit:read"',
    );
    const [kept] = await stored();
    const wrongs = [`${good}x`, good.slice(0, -1), good.toUpperCase(), kept?.sha256 ?? '', 'payroll'];
    for (const wrong of wrongs) {
      const answer = await pingWith(steward, wrong);
      expect(answer.status).toBe(401);
      expect(codeOf(answer)).toBe('UNAUTHENTICATED');
      expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    }
    await logged(steward, 'request refused', 1 + wrongs.length);
    for (const wrong of wrongs) expect(steward.stderr()).not.toContain(wrong === 'payroll' ? good : wrong);
    expect(await statusOf(good)).toBe(200);
    const metadata = await steward.send({ method: 'GET', path: '/.well-known/oauth-protected-resource' });
    expect(metadata.status).toBe(404);
  });

  it('a server that runs takes new tokens, and no longer those that were revoked', async () => {
    const first = (await create('payroll')).stdout.trim();
    await start();
    expect(await statusOf(first)).toBe(200);
    const second = (await create('reports')).stdout.trim();
    await becomes(second, 200);
    await token('revoke', '--name', 'payroll');
    await becomes(first, 401);
    expect(await statusOf(second)).toBe(200);
  });

  it('a token is worth nothing once it has expired', async () => {
    const bearer = (await create('payroll', 'directory:read', '--expires-in-days', '1')).stdout.trim();
    await start();
    expect(await statusOf(bearer)).toBe(200);
    const [kept] = await stored();
    await writeFile(file, JSON.stringify({ tokens: [{ ...kept, expires: '2026-01-01T00:00:00.000Z' }] }));
    await becomes(bearer, 401);
    const answer = await pingWith(steward, bearer);
    expect(answer.headers['www-authenticate']).toContain('error_description="This token has expired;');
    expect((await token('list')).stdout).toContain('expired 2026-01-01T00:00:00.000Z');
  });

  it('no client gets in while the file is spoiled, gone or open to others, and earlier ones do when it is back', async () => {
    const bearer = (await create('payroll')).stdout.trim();
    const good = await readFile(file, 'utf8');
    await start();
    for (const spoil of [() => writeFile(file, '{"tokens":[{"na'), () => rm(file)]) {
      expect(await statusOf(bearer)).toBe(200);
      await spoil();
      await becomes(bearer, 503);
      const answer = await pingWith(steward, bearer);
      expect(codeOf(answer)).toBe('UNAVAILABLE');
      expect(answer.headers['retry-after']).toBe('5');
      expect(answer.text).not.toContain(file);
      expect(await statusOf('stw_wrong')).toBe(503);
      await writeFile(file, good);
      await becomes(bearer, 200);
    }
    await chmod(file, 0o666);
    await becomes(bearer, 503);
    await chmod(file, 0o600);
    await becomes(bearer, 200);
    expect(await logged(steward, 'tokens cannot be read', 3)).toHaveLength(3);
    expect(await logged(steward, 'tokens can be read again', 3)).toHaveLength(3);
  });

  it.each<[what: string, content: string | undefined, says: RegExp]>([
    [
      'missing',
      undefined,
      /^There is no file of tokens at .*tokens\.json. Make a first token: steward token create/,
    ],
    ['spoiled', '{', /tokens\.json does not hold what "steward token" writes there/],
  ])('a file that is %s is said at the start', async (_what, content, says) => {
    file = path.join(folder, 'tokens.json');
    if (content !== undefined) await writeFile(file, content);
    const env = { ...database.env, AUTH_MODE: 'token', AUTH_TOKENS_FILE: file };
    const { code, stderr } = await run(['http'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
