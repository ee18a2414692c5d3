/** @typedef {import('./journal.mjs').Call} Call */
/** When what was done to the servers. @typedef {{ victim: string, killed: number, back: number, stopped: number, answered: number }} Events */

/** How long after PostgreSQL answers again everything has to be as before, in milliseconds. */
export const RECOVERY_MS = 5000;
/** How long a killed process may still be noticed by who had asked it, in milliseconds. */
const KILL_NOTICED_MS = 1000;
const OF_AN_OUTAGE = ['DATABASE_UNAVAILABLE', 'TIMEOUT'];

/**
 * Calls that failed for no reason that they should have: without a code, with one that fits nothing that was done, or at
 * a time at which nothing was.
 * @param {Call[]} calls
 * @param {Events} events
 */
export function unexpectedErrors(calls, events) {
  return calls
    .filter((call) => call.error !== undefined && !ofTheKill(call, events) && !ofTheOutage(call, events))
    .map(({ kind, steward, start, end, error, text }) => {
      const at = `${((start - events.killed) / 1000).toFixed(1)} s after the kill`;
      return `${kind} at ${steward}, ${at}, after ${Math.round(end - start)} ms: ${error} ${text}`;
    });
}

/** @param {Call} call @param {Events} events */
function ofTheKill({ error, steward, start, end }, events) {
  const underWay = start <= events.killed + KILL_NOTICED_MS && end >= events.killed;
  return error === 'connection lost' && steward === events.victim && underWay;
}

/** @param {Call} call @param {Events} events */
function ofTheOutage({ error = '', start, end }, events) {
  const underWay = end >= events.stopped && start <= events.answered + RECOVERY_MS;
  return OF_AN_OUTAGE.includes(error) && underWay;
}

/**
 * From PostgreSQL's answering until no call failed any more and every client had been served, in milliseconds; Infinity
 * where one was not served at all.
 * @param {Call[]} calls
 * @param {Pick<Events, 'answered'>} events
 * @param {number} clients
 */
export function recoveryMs(calls, { answered }, clients) {
  const after = calls.filter(({ end }) => end > answered);
  const failed = after.filter(({ error }) => error !== undefined);
  const served = Array.from({ length: clients }, (_, number) =>
    after.find(({ client, error, start }) => client === number && error === undefined && start > answered),
  );
  return Math.max(...[...failed, ...served].map((call) => (call?.end ?? Infinity) - answered));
}
