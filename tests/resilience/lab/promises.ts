import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../../src/errors.js';
import { brokenRules, census } from '../../support/data-rules.mjs';
import { eventually } from '../../support/eventually.js';
import type { Call } from './journal.js';
import { DEADLINE_MS, GRACE_MS, LOST } from './limits.js';
import { Site, type Window } from './site.js';

/** Addresses, paths, SQL, stack traces and the words of libraries, which no refusal may contain. */
const INTERNAL =
  /127\.0\.0\.1|ECONN|E(PIPE|ACCES|NOENT)\b|postgres|prisma|zod|resilience only|\bat .*\(?(file|node):|node_modules|\.[jt]s:\d|"\w+_\w+" (of relation|violates)|\b(SELECT|INSERT INTO|UPDATE .* SET)\b|ZodError|PANIC|No space left/i;
const SHOWN = 5;
const LEFT_WITHIN_MS = 5000;

/** A site that is made before the tests of this file, and removed after them. */
export function useSite(): Site {
  const site = new Site();
  beforeAll(() => site.open());
  afterAll(() => site.close());
  return site;
}

/** The promises that hold whatever the fault. It ends the processes of the site. */
export function itKeepsEveryPromise(site: Site, deadlineMs = DEADLINE_MS): void {
  it('loses no acknowledged change', async () => {
    expect(site.journal.writes.filter(({ state }) => state === 'acknowledged')).not.toEqual([]);
    expect((await site.findings()).lost.slice(0, SHOWN)).toEqual([]);
  });

  it('records nothing that was not requested, and nothing twice', async () => {
    expect((await site.findings()).unrequested.slice(0, SHOWN)).toEqual([]);
  });

  it('shows no wrong and no stale value', async () => {
    expect(site.journal.sightings).not.toEqual([]);
    expect((await site.findings()).wrong.slice(0, SHOWN)).toEqual([]);
  });

  it('leaves nothing half-written', () => expectWholeDatabase(site));

  it('refuses only while the fault lasts, with a code that fits', () => {
    const unfit = site.journal.failed.filter((call) => !site.windows.some((window) => allows(window, call)));
    expect(unfit.slice(0, SHOWN)).toEqual([]);
  });

  it('says nothing internal in a refusal', () => {
    const refused = site.journal.failed.filter(({ error }) => error !== LOST);
    expect(refused.filter(({ error, text }) => flawsOf(error, text).length > 0).slice(0, SHOWN)).toEqual([]);
  });

  it('answers every call within its deadline', () => {
    const late = site.journal.calls.filter(({ start, end }) => end - start > deadlineMs + GRACE_MS);
    expect(late.slice(0, SHOWN)).toEqual([]);
  });

  itEndsCleanly(site);
}

/** Also leaves nothing of it in PostgreSQL. */
export function itEndsCleanly(site: Site): void {
  it('logs no error and ends on SIGTERM, with nothing left in PostgreSQL', async () => {
    const ends = await Promise.all(site.running.map((steward) => steward.stop('SIGTERM')));
    for (const end of ends) expect([{ code: 0, signal: null }, 'gone']).toContainEqual(end);
    const errors = site.stewards.flatMap((steward) => steward.log().filter(({ level }) => level === 'error'));
    expect(errors.slice(0, SHOWN)).toEqual([]);
    await expectNoSessions(site, true, LEFT_WITHIN_MS);
  });
}

export async function expectWholeDatabase(site: Site): Promise<void> {
  expect(await brokenRules(site)).toEqual({});
  const { counted, unrecorded, users } = await census(site);
  expect({ counted, unrecorded }).toEqual({ counted: users, unrecorded: site.before['unrecorded'] });
}

/** Waits until Steward has no session in PostgreSQL, idle ones included or not. */
export async function expectNoSessions(site: Site, withIdle: boolean, withinMs: number): Promise<void> {
  const sessions = () =>
    site.query(`
      SELECT pid, state, left(query, 80) AS query, (SELECT count(*)::int FROM pg_locks l WHERE l.pid = a.pid) AS locks
      FROM pg_stat_activity a WHERE usename = 'steward_app' ${withIdle ? '' : "AND state <> 'idle'"}`);
  await eventually(async () => (await sessions()).length === 0, withinMs).catch(async () =>
    expect(await sessions()).toEqual([]),
  );
}

/** The flaws of a refusal, whenever it came. */
export function flawsOf(code: unknown, text: string): string[] {
  return [
    ...(ERROR_CODES.some((known) => known === code) ? [] : [`refused with ${String(code)}`]),
    ...(code === 'INTERNAL' ? ['refused with INTERNAL'] : []),
    ...(INTERNAL.test(text) ? [`says "${INTERNAL.exec(text)?.[0]}"`] : []),
  ];
}

function allows({ from, until, codes, steward }: Window, { error = '', steward: by, start, end }: Call) {
  return (steward === undefined || steward === by) && codes.includes(error) && end >= from && start <= until;
}
