import { setTimeout } from 'node:timers/promises';
import { ERROR_CODES } from '../../../build/errors.js';
import { census } from '../../../tests/support/data-rules.mjs';
import { holdAgainstDatabase } from '../../load/reckoning.mjs';
import { ACTOR } from './lab.mjs';
import { DEADLINE_MS, GRACE_MS, RECOVERY_MS } from './limits.mjs';

/** @typedef {import('../../load/journal.mjs').Call} Call */
/** @typedef {import('./site.mjs').Site} Site */
/**
 * A time in which calls may fail, and with what: from `from` until `until` and as long after that as a fault may still be
 * noticed. `connection lost` counts as one of the codes.
 * @typedef {{ from: number, until: number, codes: readonly string[], steward?: string }} Window
 */

/** What nobody outside may read of what is inside: addresses, paths, libraries' words, SQL, stack traces. */
const INSIDE =
  /127\.0\.0\.1|ECONN|E(PIPE|ACCES|NOENT)\b|postgres|prisma|zod|faults only|\bat .*\(?(file|node):|node_modules|\.[jt]s:\d|"\w+_\w+" (of relation|violates)|\b(SELECT|INSERT INTO|UPDATE .* SET)\b|ZodError|PANIC|No space left/i;

/** What a database that is away may be told as. */
export const AWAY = ['DATABASE_UNAVAILABLE', 'TIMEOUT'];

/**
 * What has to hold whatever was done: nothing acknowledged is lost, nothing half-written stays, every refusal has a code
 * and a reason and comes in time, and no process calls it a fault of its own.
 * @param {Site} site @param {Window[]} windows @param {number} [deadlineMs] that its processes have
 * @returns {Promise<string[]>} what was broken, with its evidence
 */
export async function brokenInvariants(site, windows, deadlineMs = DEADLINE_MS) {
  const { journal, people } = site;
  const account = { journal, people, postgres: site, actor: ACTOR };
  const { lost, tooMany, wrong, inconsistent } = await holdAgainstDatabase(account);
  const { unrecorded } = await census(site);
  const faults = await Promise.all(
    site.stewards.map(async (steward) =>
      (await steward.faults()).map((line) => `${steward.name} logged ${line}`),
    ),
  );
  return [
    ...lost.map((text) => `acknowledged and lost: ${text}`),
    ...tooMany.map((text) => `recorded, but not asked for: ${text}`),
    ...wrong.map((text) => `wrong answer: ${text}`),
    ...inconsistent.map((text) => `half-written: ${text}`),
    ...(unrecorded === site.before['unrecorded']
      ? []
      : [`half-written: ${unrecorded} users without an audit row, ${site.before['unrecorded']} at first`]),
    ...journal.calls.flatMap((call) => problemsOf(call, windows, deadlineMs)),
    ...faults.flat(),
  ];
}

/** @param {Call} call @param {Window[]} windows @param {number} deadlineMs */
function problemsOf(call, windows, deadlineMs) {
  const { steward, kind, start, end, error, text } = call;
  const told = `${kind} at ${steward}, after ${Math.round(end - start)} ms: ${error} ${text}`;
  return [
    ...(end - start > deadlineMs + GRACE_MS ? [`later than the deadline: ${told}`] : []),
    ...(error === undefined || error === 'connection lost' ? [] : uncoded(error, text)).map(
      (why) => `${why}: ${told}`,
    ),
    ...(error === undefined || windows.some((window) => allows(window, call))
      ? []
      : [`failed without a reason to: ${told}`]),
  ];
}

/** What is wrong with a refusal, whenever it came. @param {string | undefined} code @param {string} text */
export function uncoded(code, text) {
  return [
    ...(ERROR_CODES.some((known) => known === code) ? [] : ['refused without a code']),
    ...(code === 'INTERNAL' ? ['refused with INTERNAL'] : []),
    ...(INSIDE.test(text) ? [`told the inside (${INSIDE.exec(text)?.[0]})`] : []),
  ];
}

/** @param {Window} window @param {Call} call */
function allows({ from, until, codes, steward }, { error = '', steward: by, start, end }) {
  if (steward !== undefined && steward !== by) return false;
  return codes.includes(error) && end >= from && start <= until + RECOVERY_MS;
}

/** @param {number[]} times from the ends of faults until all was well, in milliseconds @returns {string[]} */
export function slowRecoveries(times) {
  return times
    .filter((ms) => ms > RECOVERY_MS)
    .map((ms) =>
      ms === Infinity ? 'it never served again' : `it served again only after ${Math.round(ms)} ms`,
    );
}

/** How long what is left in PostgreSQL may stay, in milliseconds. */
const LEFTOVERS_MS = 5000;

/** Sessions of Steward and locks of theirs that stay although nobody is there. @param {Site} site @returns {Promise<string[]>} */
export async function leftSessions(site) {
  const giveUp = performance.now() + LEFTOVERS_MS;
  for (;;) {
    const left = await site.query(`
      SELECT pid, state, left(query, 80) AS query, (SELECT count(*)::int FROM pg_locks l WHERE l.pid = a.pid) AS locks
      FROM pg_stat_activity a WHERE usename = 'steward_app' AND datname = current_database()`);
    if (left.length === 0) return [];
    if (performance.now() > giveUp) return left.map((row) => `left in PostgreSQL: ${JSON.stringify(row)}`);
    await setTimeout(50);
  }
}

/** Ends the processes as an operator does. @param {Site} site @returns {Promise<string[]>} */
export async function uncleanEnds({ stewards }) {
  const problems = stewards.map(async (steward) => {
    const code = await steward.end('SIGTERM');
    // Without a code, it was gone already, or died of the signal.
    return code === 0 ? [] : [`${steward.name} did not end cleanly on SIGTERM (${code})`];
  });
  return (await Promise.all(problems)).flat();
}
