import http from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { census } from '../../tests/support/data-rules.mjs';
import { setRole } from '../load/changes.mjs';
import { newest, departments } from '../load/reads.mjs';
import { StewardProcess } from '../load/steward-process.mjs';
import { callsOf, spread } from './lab/figures.mjs';
import { brokenInvariants, uncleanEnds } from './lab/invariants.mjs';
import { DEADLINE_MS, GRACE_MS, STATEMENT_TIMEOUT_MS } from './lab/limits.mjs';
import { askOnce } from './lab/load.mjs';

/** @typedef {import('./lab/site.mjs').Site} Site */
/** @typedef {import('./lab/site.mjs').Steward} Steward */

export const name = 'slow';
export const title = 'statements that would run for minutes';

const MINUTES_S = 300;
/** Less than a statement may take, but several of them are more than a call may take, in seconds. */
const LONG_S = (STATEMENT_TIMEOUT_MS * 0.85) / 1000;
/** How long PostgreSQL may go on with what nobody waits for, in milliseconds. */
const CANCELLED_WITHIN_MS = 1000;
const HANG_UP_MS = 400;

/** @typedef {{ what: string, make: string, undo: string, question: (site: Site) => import('../load/reads.mjs').Question, withinMs: number }} Slowness */

const SLEEP = (/** @type {number} */ seconds) => `
  CREATE OR REPLACE FUNCTION faults_sleep() RETURNS boolean LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(${seconds}); RETURN true; END';
  CREATE OR REPLACE FUNCTION faults_slow_row() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(${seconds}); RETURN NEW; END';`;

/** @type {Slowness[]} */
const SLOW = [
  {
    what: 'a read',
    // For all but its owner: the role that Steward is reads through it.
    make: `${SLEEP(MINUTES_S)} ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY faults ON users USING (faults_sleep())`,
    undo: 'DROP POLICY faults ON users; ALTER TABLE users DISABLE ROW LEVEL SECURITY',
    question: () => newest(),
    withinMs: STATEMENT_TIMEOUT_MS,
  },
  {
    what: 'a write',
    make: `${SLEEP(MINUTES_S)} CREATE TRIGGER faults BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION faults_slow_row()`,
    undo: 'DROP TRIGGER faults ON users',
    question: ({ people }) => setRole(people),
    withinMs: STATEMENT_TIMEOUT_MS,
  },
  {
    what: 'a write of several long statements',
    make: `${SLEEP(LONG_S)} CREATE TRIGGER faults BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION faults_slow_row();
      CREATE TRIGGER faults BEFORE INSERT ON user_audit_log FOR EACH ROW EXECUTE FUNCTION faults_slow_row()`,
    undo: 'DROP TRIGGER faults ON users; DROP TRIGGER faults ON user_audit_log',
    question: ({ people }) => setRole(people),
    withinMs: DEADLINE_MS,
  },
];

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const stewards = await Promise.all([lab.http(site), lab.stdio(site)]);
  const start = performance.now();
  /** @type {string[]} */
  const problems = [];
  /** @type {Record<string, number[]>} */
  const took = {};
  /** @type {number[]} */
  const cancelled = [];
  for (const slowness of SLOW) {
    await site.query(slowness.make);
    const results = await Promise.all(stewards.map((steward) => expectTimeout(site, steward, slowness)));
    took[slowness.what] = results.map(({ ms }) => ms);
    problems.push(
      ...results.flatMap((result) => result.problems),
      ...(await expectNothingRuns(site, slowness.what)),
    );
    const given = await hangUp(site, stewards, slowness);
    cancelled.push(given.ms);
    problems.push(...given.problems);
    await site.query(slowness.undo);
    for (const steward of stewards) {
      const { answer } = await askOnce(site, steward, slowness.question(site));
      if (answer.outcome !== 'ok')
        problems.push(`${slowness.what}: the retry came to ${JSON.stringify(answer)}`);
    }
  }
  return {
    figures: [
      ...Object.entries(took).map(([what, times]) => `${what}: refused after ${spread(times)}`),
      `given up by the caller: gone from PostgreSQL after ${spread(cancelled)}`,
      callsOf(site),
    ],
    problems: [
      ...problems,
      ...(await brokenInvariants(site, [{ from: start, until: performance.now(), codes: ['TIMEOUT'] }])),
      ...(await uncleanEnds(site)),
    ],
  };
}

/** @param {Site} site @param {Steward} steward @param {Slowness} slowness */
async function expectTimeout(site, steward, { what, question, withinMs }) {
  const { changes } = await census(site);
  const asked = askOnce(site, steward, question(site));
  const problems = [];
  const other = await askOnce(site, steward, departments(site.people));
  if (other.answer.outcome !== 'ok')
    problems.push(`${what}: another was not served: ${JSON.stringify(other.answer)}`);
  const { answer, ms } = await asked;
  if (answer.outcome !== 'refused' || answer.code !== 'TIMEOUT')
    problems.push(`${what} at ${steward.name} came to ${JSON.stringify(answer)}`);
  if (ms > withinMs + GRACE_MS)
    problems.push(`${what} at ${steward.name} was refused only after ${Math.round(ms)} ms`);
  const { changes: now } = await census(site);
  if (now !== changes) problems.push(`${what} at ${steward.name} was refused, and made all the same`);
  return { ms, problems };
}

/** Callers who wait no longer. @param {Site} site @param {Steward[]} stewards @param {Slowness} slowness */
async function hangUp(site, stewards, { what, question }) {
  const hangingUp = stewards.map(async (steward) => {
    const { tool, args } = question(site);
    const params = { name: tool, arguments: args };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'hang up', method: 'tools/call', params });
    if (steward instanceof StewardProcess) return hangUpHttp(steward, body);
    steward.write(`${body}\n`);
    await setTimeout(HANG_UP_MS);
    steward.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"hang up"}}\n');
  });
  await Promise.all(hangingUp);
  const start = performance.now();
  const problems = await expectNothingRuns(site, `${what} that its callers gave up`);
  return { ms: performance.now() - start, problems };
}

/** @param {StewardProcess} steward @param {string} body */
async function hangUpHttp({ port }, body) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const request = http.request({
    host: '127.0.0.1',
    port,
    path: '/mcp',
    method: 'POST',
    headers,
    agent: false,
  });
  request.on('error', () => {});
  request.end(body);
  await setTimeout(HANG_UP_MS);
  request.destroy();
}

/** @param {Site} site @param {string} what @returns {Promise<string[]>} */
async function expectNothingRuns(site, what) {
  const giveUp = performance.now() + CANCELLED_WITHIN_MS;
  for (;;) {
    const running = await site.query(`
      SELECT left(query, 80) AS query, state FROM pg_stat_activity
      WHERE usename = 'steward_app' AND datname = current_database() AND state <> 'idle'`);
    if (running.length === 0) return [];
    if (performance.now() > giveUp)
      return running.map((row) => `${what} still runs in PostgreSQL: ${JSON.stringify(row)}`);
    await setTimeout(20);
  }
}
