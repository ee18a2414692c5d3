import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { census } from '../support/data-rules.mjs';
import { DEADLINE_MS, GRACE_MS, LIMITS, STATEMENT_TIMEOUT_MS } from './lab/limits.js';
import type { People } from './lab/people.js';
import { expectNoSessions, itKeepsEveryPromise, useSite } from './lab/promises.js';
import { listDepartments, listNewest, type Request, setField } from './lab/requests.js';
import type { OverHttp, OverStdio } from './lab/site.js';

const MINUTES_S = 300;
/** One statement is within its limit; several of them are more than a call may take. */
const LONG_S = (STATEMENT_TIMEOUT_MS * 0.85) / 1000;
const CANCELLED_WITHIN_MS = 1000;
const GIVE_UP_AFTER_MS = 400;

const sleep = (seconds: number) => `
  CREATE OR REPLACE FUNCTION slow_policy() RETURNS boolean LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(${seconds}); RETURN true; END';
  CREATE OR REPLACE FUNCTION slow_row() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(${seconds}); RETURN NEW; END';`;
const slowUpdate = 'CREATE TRIGGER slow BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION slow_row()';
const slowAudit =
  'CREATE TRIGGER slow BEFORE INSERT ON user_audit_log FOR EACH ROW EXECUTE FUNCTION slow_row()';

const SLOW = [
  {
    what: 'a read that would take minutes',
    // A policy is for all roles but the owner of the table.
    make: `${sleep(MINUTES_S)} ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY slow ON users USING (slow_policy())`,
    undo: 'DROP POLICY slow ON users; ALTER TABLE users DISABLE ROW LEVEL SECURITY',
    request: listNewest,
    withinMs: STATEMENT_TIMEOUT_MS,
  },
  {
    what: 'a write that would take minutes',
    make: `${sleep(MINUTES_S)} ${slowUpdate}`,
    undo: 'DROP TRIGGER slow ON users',
    request: (people: People) => setField(people, 'role'),
    withinMs: STATEMENT_TIMEOUT_MS,
  },
  {
    what: 'a write of several long statements',
    make: `${sleep(LONG_S)} ${slowUpdate}; ${slowAudit}`,
    undo: 'DROP TRIGGER slow ON users; DROP TRIGGER slow ON user_audit_log',
    request: (people: People) => setField(people, 'role'),
    withinMs: DEADLINE_MS,
  },
];

describe('slow: statements would run for minutes', () => {
  const site = useSite();
  let http: OverHttp;
  let stdio: OverStdio;

  beforeAll(async () => {
    // A policy makes a read slow; by default Steward refuses what a policy would narrow.
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-slow-'));
    site.defer(() => rm(folder, { recursive: true }));
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    await writeFile(STEWARD_CONFIG, JSON.stringify({ directory: { policies: 'by-role' } }));
    [http, stdio] = await site.both({ ...LIMITS, STEWARD_CONFIG });
  });

  it.each(SLOW)(
    '$what is refused within $withinMs ms, and ends in PostgreSQL',
    async ({ make, undo, request, withinMs }) => {
      const { people } = site.journal;
      const callers = [await http.connect(), await stdio.connect()];
      const from = performance.now();
      await site.query(make);
      const { changes } = await census(site);
      const slow = callers.map((caller) => site.journal.call(caller, request(people)));
      for (const caller of callers)
        expect((await site.journal.call(caller, listDepartments(people))).error).toBeUndefined();
      for (const { error, start, end } of await Promise.all(slow)) {
        expect(error).toBe('TIMEOUT');
        expect(end - start).toBeLessThan(withinMs + GRACE_MS);
      }
      site.allow(['TIMEOUT'], from, performance.now());
      await expectNoSessions(site, false, CANCELLED_WITHIN_MS);
      expect((await census(site)).changes).toBe(changes);

      await Promise.all([giveUpHttp(http, request(people)), giveUpStdio(stdio, request(people))]);
      await expectNoSessions(site, false, CANCELLED_WITHIN_MS);
      expect((await census(site)).changes).toBe(changes);

      await site.query(undo);
      for (const caller of callers)
        expect((await site.journal.call(caller, request(people))).error).toBeUndefined();
    },
  );

  itKeepsEveryPromise(site);
});

/** Hangs up in the middle of the call. */
async function giveUpHttp({ http }: OverHttp, { tool, args }: Request): Promise<void> {
  const hangUp = AbortSignal.timeout(GIVE_UP_AFTER_MS);
  const outcome = await http.call(tool, args, { signal: hangUp }).catch(() => 'given up');
  expect(outcome).toBe('given up');
}

/** Sends notifications/cancelled. */
async function giveUpStdio({ client }: OverStdio, { tool, args }: Request): Promise<void> {
  const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS);
  const call = client.callTool({ name: tool, arguments: args }, undefined, { signal });
  expect(await call.catch(() => 'given up')).toBe('given up');
}
