import type { TestDatabase } from '../../support/database.js';
import type { Journal, Write } from './journal.js';
import { type Field, stampOf } from './people.js';
import { CREATED } from './requests.js';

type Database = Pick<TestDatabase, 'query'>;

interface Row {
  user: number;
  field: Field;
  old: string | null;
  value: string;
  actor: string;
  tool: string;
  request: string;
}

export interface Findings {
  lost: string[];
  unrequested: string[];
  wrong: string[];
}

/** Compares everything that was requested, acknowledged and shown with the audit log. */
export async function compareWithAuditLog(journal: Journal, database: Database, actor: string) {
  const rows = await database.query<Row>(`
    SELECT user_id AS user, field_changed AS field, old_value AS old, new_value AS value, actor, tool,
           request_id AS request
    FROM user_audit_log ORDER BY id`);
  for (const row of rows) {
    if (row.field === 'preferences')
      Object.assign(row, {
        old: stampOf(JSON.parse(row.old ?? 'null')),
        value: stampOf(JSON.parse(row.value)),
      });
    // A user whose creation was not acknowledged is known from the audit log only.
    if (row.field === 'created') journal.people.add(row.user, row.value, CREATED);
  }
  const requested = groupBy(
    journal.writes.filter(({ state }) => state === 'acknowledged' || state === 'doubtful'),
    keyOf,
  );
  const findings: Findings = { lost: [], unrequested: [], wrong: journal.wrong };
  const recorded = groupBy(rows, keyOf);
  for (const key of new Set([...requested.keys(), ...recorded.keys()]))
    compareChange(key, requested.get(key) ?? [], recorded.get(key) ?? [], actor, findings);
  for (const [request, found] of groupBy(rows, (row) => row.request))
    if (found.length > 1) findings.unrequested.push(`${found.length} rows of one request, ${request}`);
  findings.wrong.push(...impossibleSightings(journal, rows, requested));
  return findings;
}

/** Compares all writes of one value of one user with their rows. */
function compareChange(key: string, writes: Write[], rows: Row[], actor: string, findings: Findings) {
  const acknowledged = writes.filter(({ state }) => state === 'acknowledged');
  const counts = `acknowledged ${acknowledged.length} times, requested ${writes.length} times, recorded ${rows.length} times`;
  if (rows.length < acknowledged.length) findings.lost.push(`${key}: ${counts}`);
  if (rows.length > writes.length) findings.unrequested.push(`${key}: ${counts}`);
  for (const { old } of acknowledged)
    if (old !== undefined && !rows.some((row) => row.old === old))
      findings.lost.push(`${key}: acknowledged as a change from ${old}, which is not recorded`);
  for (const row of rows)
    if (row.actor !== actor || writes.some(({ tool }) => tool !== row.tool))
      findings.unrequested.push(`${key}: recorded as done by ${row.actor} with ${row.tool}`);
}

/** A user that is to be created has no id before; the name is unique. */
const keyOf = ({ user, field, value }: Pick<Row, 'user' | 'field' | 'value'>) =>
  `user ${field === 'created' ? '' : user} ${field} ${value}`;

/**
 * Finds values that cannot have been true when they were shown: never set, not requested yet, or replaced by a change
 * that was acknowledged before the call began.
 */
function impossibleSightings(journal: Journal, rows: Row[], requested: Map<string, Write[]>): string[] {
  const changes = groupBy(rows, ({ user, field }) => `${user} ${field}`);
  const seen = groupBy(journal.sightings, ({ user, field }) => `${user} ${field}`);
  return [...seen].flatMap(([which, sightings]) => {
    const periods = periodsOf(changes.get(which) ?? [], journal.people.initial.get(which), requested);
    return sightings.flatMap(({ value, start, end }) => {
      const possible = periods.filter(({ from, until }) => from <= end && start <= until);
      if (possible.some((period) => period.value === value)) return [];
      return [`${which} shown as ${value}, possible: ${possible.map((period) => period.value).join(' or ')}`];
    });
  });
}

/** The values of a field, each with the earliest and the latest moment at which it can have been true. */
function periodsOf(rows: Row[], initial: string | undefined, requested: Map<string, Write[]>) {
  let last = { value: initial ?? rows[0]?.old ?? '', from: -Infinity, until: Infinity };
  const periods = [last];
  for (const row of rows) {
    const writes = requested.get(keyOf(row)) ?? [];
    const known = writes.length > 0 && writes.every(({ state }) => state === 'acknowledged');
    if (known) last.until = Math.max(...writes.map(({ end }) => end));
    last = { value: row.value, from: Math.min(...writes.map(({ start }) => start)), until: Infinity };
    periods.push(last);
  }
  return periods;
}

function groupBy<Item>(items: Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
