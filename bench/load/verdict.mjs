import { RECOVERY_MS, recoveryMs, unexpectedErrors } from './errors.mjs';
import { holdAgainstDatabase } from './reckoning.mjs';

/** By how much the memory in use may have grown between early and late, as a share of itself. */
const FLAT = 0.1;

/**
 * @typedef {object} Run
 * @property {import('./journal.mjs').Journal} journal
 * @property {import('./people.mjs').People} people
 * @property {import('../../tests/support/postgres-server.mjs').PostgresServer} postgres
 * @property {import('./steward-process.mjs').StewardProcess[]} stewards
 * @property {import('./errors.mjs').Events} events
 * @property {import('./memory.mjs').Memory} early of the process that was not killed
 * @property {import('./memory.mjs').Memory} late
 * @property {number} clients
 * @property {string} actor
 * @property {boolean} redis
 * @property {number} started
 * @property {number} ended
 */
/** @typedef {{ promise: string, problems: string[] }} Finding */
/** @typedef {Run & { promises: Finding[], version: string, rows: number, doubtfulMade: number, recovery: number }} Verdict */

/** Ends the processes, and says of each promise whether it was kept. @param {Run} run @returns {Promise<Verdict>} */
export async function judge(run) {
  const { journal, postgres, stewards, events, clients } = run;
  const exits = await Promise.all(stewards.map((steward) => steward.end('SIGTERM')));
  const faults = (await Promise.all(stewards.map((steward) => steward.faults()))).flat();
  const reckoning = await holdAgainstDatabase(run);
  const recovery = recoveryMs(journal.calls, events, clients);
  const growth = run.late.used / run.early.used - 1;
  const idle = stewards.filter(
    ({ name }) =>
      !journal.calls.some(({ steward, start, error }) => steward === name && start > events.back && !error),
  );
  const [version] = await postgres.query('SHOW server_version');
  return {
    ...run,
    version: version.server_version,
    rows: reckoning.rows,
    doubtfulMade: reckoning.doubtfulMade,
    recovery,
    promises: [
      { promise: 'no wrong answer', problems: reckoning.wrong },
      { promise: 'no acknowledged change lost', problems: reckoning.lost },
      { promise: 'no change recorded twice, or unasked', problems: reckoning.tooMany },
      { promise: 'audit log and head counts whole', problems: reckoning.inconsistent },
      { promise: 'no error without a code and a reason', problems: unexpectedErrors(journal.calls, events) },
      {
        promise: `back to normal within ${RECOVERY_MS / 1000} s`,
        problems: [
          ...(recovery > RECOVERY_MS ? [`it took ${Math.round(recovery)} ms`] : []),
          ...idle.map(({ name }) => `${name} answered nothing after it was back`),
        ],
      },
      {
        promise: 'memory flat',
        problems: growth <= FLAT ? [] : [`it grew by ${Math.round(growth * 100)} %`],
      },
      {
        promise: 'no fault in the log, and a clean end',
        problems: [
          ...faults,
          ...exits.flatMap((code) => (code === 0 ? [] : [`a process ended with ${code} on SIGTERM`])),
        ],
      },
    ],
  };
}
