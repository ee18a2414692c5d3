import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { steward as runSteward } from '../../tests/support/command.mjs';
import { WallClock } from '../../tests/support/wall-clock.mjs';
import { setRole } from '../load/changes.mjs';
import { codeOf, parsed } from '../load/answer.mjs';
import { callsOf } from './lab/figures.mjs';
import { brokenInvariants, uncleanEnds } from './lab/invariants.mjs';
import { GRACE_MS, LOCK_TIMEOUT_MS, PATIENCE, PATIENT_MS } from './lab/limits.mjs';
import { holding } from './lab/holding.mjs';
import { askOnce, takerOf, underLoad } from './lab/load.mjs';

/** @typedef {import('./lab/lab.mjs').Lab} Lab */
/** @typedef {import('./lab/site.mjs').Site} Site */

export const name = 'clock';
export const title =
  "jumps of Steward's wall clock by hours, forward and back (simulated within the process)";

const JUMPS_H = [0, 6, -6, 12, -12, 0];
const CALLS_A_MINUTE = 12;
const WINDOW_S = 60;

/** @param {Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const clock = await WallClock.create();
  lab.defer(() => clock.remove());
  const [shifted, other] = await Promise.all([
    lab.http(site, { ...clock.env, ...PATIENCE }),
    lab.stdio(site, PATIENCE),
  ]);
  const jumps = lab.short
    ? JUMPS_H
    : Array.from({ length: Math.ceil(lab.seconds / JUMPS_H.length) }, () => JUMPS_H).flat();
  const problems = await underLoad(site, [shifted, other], async () => {
    const found = [];
    for (const [n, hours] of jumps.entries()) {
      await clock.set(hours);
      await setTimeout(300);
      found.push(...(await expectFresh(shifted, other, `Clock ${n}`)));
    }
    return found;
  });
  const impatient = await lab.http(site, clock.env);
  const locked = await expectSameDeadline(site, impatient, clock);
  const limits = await expectTokensAndLimits(lab, site, clock);
  return {
    figures: [`${jumps.length} jumps of up to 24 h; ${callsOf(site)}`, ...locked.figures, ...limits.figures],
    problems: [
      ...problems,
      ...locked.problems,
      ...limits.problems,
      // Only who wants what another session holds is refused.
      ...(await brokenInvariants(site, [{ ...locked.window, codes: ['TIMEOUT'] }], PATIENT_MS)),
      ...(await uncleanEnds(site)),
    ],
  };
}

/** A department that another process makes is in the very next list, whatever the clock says. @param {import('./lab/site.mjs').Steward} shifted @param {import('./lab/site.mjs').Steward} other @param {string} department */
async function expectFresh(shifted, other, department) {
  const problems = [];
  for (const [by, seenBy] of /** @type {const} */ ([
    [other, shifted],
    [shifted, other],
  ])) {
    const made = `${department} ${by.name}`;
    const created = await take(by, 'create_department', { name: made });
    if (created.outcome !== 'ok') problems.push(`${made} could not be made: ${JSON.stringify(created)}`);
    const listed = await take(seenBy, 'list_departments', {});
    if (listed.outcome !== 'ok' || !listed.data.departments.rows.flat().includes(made))
      problems.push(`${made} is missing from the next list at ${seenBy.name}`);
  }
  return problems;
}

/** Calls that leave no audit row need not be written down. @param {import('./lab/site.mjs').Steward} steward @param {string} tool @param {object} args */
function take(steward, tool, args) {
  return takerOf(steward).call(tool, args, '10.1.0.1');
}

/** A time limit goes by a clock that nobody sets. @param {Site} site @param {import('./lab/site.mjs').Steward} steward @param {WallClock} clock */
async function expectSameDeadline(site, steward, clock) {
  const id = site.people.anyoneWho('stays');
  const times = [];
  const problems = [];
  const start = performance.now();
  const holder = await holding(site, `SELECT FROM users WHERE id = ${id} FOR UPDATE`);
  try {
    for (const hours of [6, -6, 0]) {
      const asked = askOnce(site, steward, setRole(site.people, id));
      await setTimeout(LOCK_TIMEOUT_MS / 4);
      await clock.set(hours);
      const { answer, ms } = await asked;
      times.push(Math.round(ms));
      if (
        answer.outcome !== 'refused' ||
        answer.code !== 'TIMEOUT' ||
        ms < LOCK_TIMEOUT_MS * 0.9 ||
        ms > LOCK_TIMEOUT_MS + GRACE_MS
      )
        problems.push(
          `in a jump to ${hours} h a locked user was answered after ${Math.round(ms)} ms: ${JSON.stringify(answer)}`,
        );
    }
  } finally {
    await holder.end();
  }
  return {
    window: { from: start, until: performance.now() },
    problems,
    figures: [`a wait for a lock, with a jump in it: ${times.join(', ')} ms`],
  };
}

/** Tokens end when the clock says so, and nobody is told to wait for longer than a window of the limit. @param {Lab} lab @param {Site} site @param {WallClock} clock */
async function expectTokensAndLimits(lab, site, clock) {
  const tokens = path.join(lab.dir, `tokens-${site.name}.json`);
  const made = await runSteward(
    ['token', 'create', '--name', 'clock', '--scopes', 'directory:read', '--expires-in-days', '1'],
    { AUTH_TOKENS_FILE: tokens },
  );
  if (made.code !== 0) throw new Error(made.stderr);
  const steward = await lab.http(site, {
    ...clock.env,
    AUTH_MODE: 'token',
    AUTH_TOKENS_FILE: tokens,
    PUBLIC_URL: 'http://127.0.0.1/mcp',
    RATE_LIMIT_PER_MINUTE: String(CALLS_A_MINUTE),
  });
  const ping = () => pingWith(steward.port, made.stdout.trim());
  const problems = [];
  for (const [hours, status] of /** @type {const} */ ([
    [0, 200],
    [25, 401],
    [-6, 200],
    [0, 200],
  ])) {
    await clock.set(hours);
    const answer = await ping();
    if (answer.status !== status)
      problems.push(`at ${hours} h a token for a day was answered with ${answer.status}, not ${status}`);
  }
  const waits = [];
  for (const hours of [0, -6, -12]) {
    await clock.set(hours);
    const refused = await refusal(ping);
    waits.push(refused.wait);
    if (refused.code !== 'RATE_LIMITED' || !(refused.wait <= WINDOW_S))
      problems.push(
        `at ${hours} h a caller without calls left is told ${refused.code}, and to wait ${refused.wait} s`,
      );
  }
  if (!lab.short) {
    await setTimeout((WINDOW_S + 1) * 1000);
    const { status } = await ping();
    if (status !== 200) problems.push(`a minute later the caller is still refused, with ${status}`);
  }
  return {
    problems,
    figures: [`without calls left, told to wait ${waits.join(', ')} s, as the clock went back`],
  };
}

/** Asks until it is refused for having asked too often. @param {() => Promise<{ status: number, code: string | undefined, wait: number }>} ping */
async function refusal(ping) {
  for (let calls = 0; calls < 2 * CALLS_A_MINUTE; calls += 1) {
    const answer = await ping();
    if (answer.status !== 200) return answer;
  }
  return { status: 200, code: undefined, wait: 0 };
}

/** @param {number} port @param {string} token */
async function pingWith(port, token) {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body });
  const wait = Number(response.headers.get('retry-after'));
  return { status: response.status, code: codeOf(parsed(await response.text())), wait };
}
