import { brokenRules, census } from '../../tests/support/data-rules.mjs';
import { auditRows, compareWithAudit } from './audit.mjs';
import { RECOVERY_MS, recoveryMs, unexpectedErrors } from './errors.mjs';
import { impossibleSightings } from './sightings.mjs';

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
  const { journal, people, postgres, stewards, events, clients } = run;
  const exits = await Promise.all(stewards.map((steward) => steward.end('SIGTERM')));
  const faults = (await Promise.all(stewards.map((steward) => steward.faults()))).flat();
  const rows = await auditRows(postgres);
  learnOfTheDoubtful(run, rows);
  const { lost, tooMany, doubtfulMade } = compareWithAudit(journal, rows, run.actor);
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
    rows: rows.length,
    doubtfulMade,
    recovery,
    promises: [
      {
        promise: 'no wrong answer',
        problems: [...journal.wrong, ...impossibleSightings(journal, rows, people.initial)],
      },
      { promise: 'no acknowledged change lost', problems: lost },
      { promise: 'no change recorded twice, or unasked', problems: tooMany },
      { promise: 'audit log and head counts whole', problems: await inconsistencies(postgres) },
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

/** Those who were created although nobody was told are known by the audit log only. @param {Run} run @param {import('./audit.mjs').Row[]} rows */
function learnOfTheDoubtful({ journal, people }, rows) {
  const asked = new Map(journal.writes.map((write) => [write.value, write]));
  for (const { field, user, value } of rows)
    if (field === 'created') people.add(user, value, asked.get(value)?.initial ?? {});
}

/** @param {import('../../tests/support/postgres-server.mjs').PostgresServer} postgres */
async function inconsistencies(postgres) {
  const { counted, users } = await census(postgres);
  const broken = Object.entries(await brokenRules(postgres)).map(
    ([rule, rows]) => `${rule}: ${rows.length} times not, such as ${JSON.stringify(rows[0])}`,
  );
  return counted === users ? broken : [...broken, `${users} users, but a head count of ${counted}`];
}
