import { groupBy } from '../group-by.mjs';
import { keyOf } from './audit.mjs';

/** @typedef {import('./journal.mjs').Journal} Journal */
/** @typedef {import('./audit.mjs').Row} Row */
/**
 * A value that a field had: not before `from`, and, once `until` has passed, followed by the next.
 * @typedef {{ value: string, from: number, until: number }} Period
 */

/**
 * Finds what was seen of a user and cannot have been true then: a value nobody gave the user, one from before it was
 * asked for, or one that an acknowledged change had replaced already when the question was put.
 * @param {Journal} journal
 * @param {Row[]} rows in the order in which they were made
 * @param {Map<string, string>} initial by user and field
 */
export function impossibleSightings({ sightings, writes }, rows, initial) {
  const requests = groupBy(writes, ({ user, field, value }) => keyOf(user, field, value));
  const changes = groupBy(rows, ({ user, field }) => `${user} ${field}`);
  const seen = groupBy(sightings, ({ user, field }) => `${user} ${field}`);
  const impossible = [];
  for (const [which, all] of seen) {
    const periods = periodsOf(changes.get(which) ?? [], initial.get(which), requests);
    for (const sighting of all) {
      const possible = periods.some(
        ({ value, from, until }) =>
          value === sighting.value && from <= sighting.end && sighting.start <= until,
      );
      if (!possible) impossible.push(`${which} seen as ${sighting.value}, ${explain(sighting, periods)}`);
    }
  }
  return impossible;
}

/** @param {Row[]} rows @param {string | undefined} initial @param {Map<string, import('./journal.mjs').Write[]>} requests @returns {Period[]} */
function periodsOf(rows, initial, requests) {
  const first = { value: initial ?? rows[0]?.old ?? '', from: -Infinity, until: Infinity };
  const periods = [first];
  for (const { user, field, value } of rows) {
    const asked = requests.get(keyOf(user, field, value)) ?? [];
    const known = asked.length > 0 && asked.every(({ state }) => state === 'acknowledged');
    /** @type {Period} */ (periods.at(-1)).until = known
      ? Math.max(...asked.map(({ end }) => end))
      : Infinity;
    periods.push({ value, from: Math.min(...asked.map(({ start }) => start)), until: Infinity });
  }
  return periods;
}

/** @param {{ start: number, end: number }} sighting @param {Period[]} periods */
function explain({ start, end }, periods) {
  const then = periods.filter(({ from, until }) => from <= end && start <= until);
  return `when it can have been ${then.map(({ value }) => value).join(' or ')}`;
}
