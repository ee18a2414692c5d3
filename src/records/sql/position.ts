import { join, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Reference } from '../filter/condition.js';
import type { Tables } from './tables.js';

export interface OrderKey {
  reference: Reference;
  descending: boolean;
}

/** Where a page ended: each key's exact text as PostgreSQL wrote it, or null. */
export type Position = readonly (string | null)[];

export function writeOrder(keys: readonly OrderKey[], tables: Tables): Sql {
  return join(
    keys.map(({ reference, descending }) =>
      descending
        ? sql`${tables.column(reference)} desc nulls last`
        : sql`${tables.column(reference)} asc nulls last`,
    ),
  );
}

/** Characters of a key of a position. */
export const LONGEST_POSITION = 4000;

/** What a row's position is made of. Of a longer text one character more is read: it is no position. */
export function writePosition(keys: readonly OrderKey[], tables: Tables): Sql[] {
  return keys.map(
    ({ reference }) => sql`left(${tables.column(reference)}::text, ${LONGEST_POSITION + 1}::int)`,
  );
}

/**
 * True for the rows after a position. The first key bounds the rows by itself, so an index on it is of use; as one OR over
 * all keys it would not be.
 */
export function writeAfter(keys: readonly OrderKey[], position: Position, tables: Tables): Sql {
  const [key, ...rest] = keys;
  const value = position[0] ?? null;
  if (!key) return sql`false`;
  const column = tables.column(key.reference);
  const isLast = rest.length === 0;
  const afterInRest = isLast ? sql`false` : writeAfter(rest, position.slice(1), tables);
  // Nulls come last, so after a null come only nulls.
  if (value === null) return sql`(${column} is null and ${afterInRest})`;
  const beyond = key.descending ? sql`${column} < ${value}` : sql`${column} > ${value}`;
  const notBefore = key.descending ? sql`${column} <= ${value}` : sql`${column} >= ${value}`;
  if (!isNullable(key.reference))
    return isLast ? beyond : sql`(${notBefore} and (${beyond} or ${afterInRest}))`;
  return sql`((${notBefore} or ${column} is null) and (${beyond} or ${column} is null or ${afterInRest}))`;
}

/** A required relation, too, may lead nowhere: without a foreign key, or where a policy hides the row. */
function isNullable({ relations, column }: Reference): boolean {
  return !column.isRequired || relations.length > 0;
}
