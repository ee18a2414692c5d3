import os from 'node:os';

/** @typedef {import('./journal.mjs').Call} Call */

const SHOWN = 5;

/** @param {import('./verdict.mjs').Verdict} verdict */
export function printReport(verdict) {
  const { journal, events, started, ended } = verdict;
  const seconds = (/** @type {number} */ at) => `${((at - started) / 1000).toFixed(1)} s`;
  const { calls, writes } = journal;
  const rate = Math.round(calls.length / ((ended - started) / 1000));
  const acknowledged = writes.filter(({ state, change }) => state === 'acknowledged' && change !== null);
  const doubtful = writes.filter(({ state }) => state === 'doubtful');
  print([
    ['set-up', setUp(verdict)],
    [
      'calls',
      `${calls.length}, ${rate} a second: ${calls.length - writes.length} reads, ${writes.length} writes`,
    ],
    ['reads took', latencies(undisturbed(verdict, 'read'))],
    ['writes took', latencies(undisturbed(verdict, 'write'))],
    [
      'changes',
      `${acknowledged.length} acknowledged; ${doubtful.length} in doubt, of which ${verdict.doubtfulMade} were made`,
    ],
    ['audit log', `${verdict.rows} rows`],
    ['seen of users', `${journal.sightings.length} values, each held against the audit log`],
    ['errors', errorCounts(calls)],
    ['process killed', `at ${seconds(events.killed)}, ready again at ${seconds(events.back)}`],
    ['PostgreSQL stopped', `at ${seconds(events.stopped)}, answered again at ${seconds(events.answered)}`],
    ['back to normal', `${Math.round(verdict.recovery)} ms later`],
    ['memory of the other', `${memory(verdict.early)} early, ${memory(verdict.late)} late`],
  ]);
  console.log('');
  for (const { promise, problems } of verdict.promises) {
    console.log(`${problems.length === 0 ? ' kept ' : 'BROKEN'}  ${promise}`);
    for (const problem of problems.slice(0, SHOWN)) console.log(`          ${problem}`);
    if (problems.length > SHOWN) console.log(`          and ${problems.length - SHOWN} more`);
  }
}

/** @param {import('./memory.mjs').Memory} memory */
function memory({ used, resident }) {
  return `${(used / 2 ** 20).toFixed(1)} MB in use (${Math.round(resident / 2 ** 20)} MB resident)`;
}

/** @param {import('./verdict.mjs').Verdict} verdict */
function setUp({ clients, version, redis }) {
  const machine = `${os.availableParallelism()} cores, Node ${process.versions.node}`;
  return `${clients} clients, 2 processes, PostgreSQL ${version}, ${redis ? 'Redis' : 'no Redis'}; ${machine}`;
}

/** Calls that were over before anything was done to the servers, or began when all was well again. @param {import('./verdict.mjs').Verdict} verdict @param {Call['kind']} wanted */
function undisturbed({ journal, events, recovery }, wanted) {
  return journal.calls.filter(
    ({ kind, start, end }) => kind === wanted && (end < events.killed || start > events.answered + recovery),
  );
}

/** @param {Call[]} calls */
function latencies(calls) {
  const sorted = calls.map(({ start, end }) => end - start).toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) => Math.round(sorted[Math.floor(sorted.length * share)] ?? NaN);
  return `median ${at(0.5)} ms, 95 % within ${at(0.95)} ms, 99 % within ${at(0.99)} ms (undisturbed)`;
}

/** @param {Call[]} calls */
function errorCounts(calls) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { error } of calls) if (error !== undefined) counts[error] = (counts[error] ?? 0) + 1;
  const list = Object.entries(counts).map(([error, count]) => `${count} ${error}`);
  return list.length === 0 ? 'none' : list.join(', ');
}

/** @param {[name: string, value: string][]} lines */
function print(lines) {
  for (const [name, value] of lines) console.log(`${name.padEnd(22)}${value}`);
}
