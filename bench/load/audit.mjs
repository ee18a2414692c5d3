import { groupBy } from '../group-by.mjs';
import { stampOf } from './people.mjs';

/** @typedef {import('./journal.mjs').Write} Write */
/** @typedef {import('./journal.mjs').Journal} Journal */
/**
 * A row of the audit log.
 * @typedef {object} Row
 * @property {number} user
 * @property {string} field
 * @property {string | null} old
 * @property {string} value
 * @property {string} actor
 * @property {string} tool
 * @property {string} request
 */

/** @param {import('../../tests/support/data-rules.mjs').Queried} postgres @returns {Promise<Row[]>} in the order in which they were made */
export async function auditRows(postgres) {
  const rows = await postgres.query(`
    SELECT user_id, field_changed, old_value, new_value, actor, tool, request_id FROM user_audit_log ORDER BY id`);
  return rows.map(({ user_id, field_changed, old_value, new_value, actor, tool, request_id }) => ({
    user: user_id,
    field: field_changed,
    old: field_changed === 'preferences' ? stampOf(JSON.parse(old_value)) : old_value,
    value: field_changed === 'preferences' ? stampOf(JSON.parse(new_value)) : new_value,
    actor,
    tool,
    request: request_id,
  }));
}

/**
 * Holds the audit log against what was asked for and acknowledged.
 * @param {Journal} journal
 * @param {Row[]} rows
 * @param {string} actor who was asking
 */
export function compareWithAudit({ writes }, rows, actor) {
  // A user who is to be created has no id before; the name is nobody else's.
  const asked = groupBy(writes, ({ user, field, value }) =>
    keyOf(field === 'created' ? 0 : user, field, value),
  );
  const made = groupBy(rows, ({ user, field, value }) => keyOf(field === 'created' ? 0 : user, field, value));
  const lost = [];
  for (const [key, requests] of asked) {
    const acknowledged = requests.filter(({ state, change }) => state === 'acknowledged' && change !== null);
    const found = made.get(key) ?? [];
    if (found.length < acknowledged.length)
      lost.push(`${key}: acknowledged ${acknowledged.length} times, recorded ${found.length} times`);
    for (const { change } of acknowledged) {
      if (change?.old !== undefined && !found.some(({ old }) => old === change.old))
        lost.push(`${key}: acknowledged as a change from ${change.old}, which is not on record`);
    }
  }
  const tooMany = [];
  let doubtfulMade = 0;
  for (const [key, found] of made) {
    const requests = asked.get(key) ?? [];
    const possible = requests.filter(({ state, change }) => state === 'doubtful' || change !== null);
    if (found.length > possible.length)
      tooMany.push(`${key}: recorded ${found.length} times, asked for ${possible.length} times`);
    const acknowledged = requests.filter(({ state, change }) => state === 'acknowledged' && change !== null);
    doubtfulMade += Math.max(0, found.length - acknowledged.length);
    for (const row of found) {
      if (row.actor !== actor || requests.some(({ tool }) => tool !== row.tool))
        tooMany.push(`${key}: recorded as done by ${row.actor} with ${row.tool}`);
    }
  }
  for (const [request, found] of groupBy(rows, (row) => row.request))
    if (found.length > 1) tooMany.push(`${found.length} rows of one request, ${request}`);
  return { lost, tooMany, doubtfulMade };
}

/** @param {number | undefined} user @param {string} field @param {string} value */
export function keyOf(user, field, value) {
  return `user ${user} ${field} ${value}`;
}
