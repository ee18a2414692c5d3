import { join, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Reference } from '../filter/condition.js';
import type { Tables } from './tables.js';

export interface OrderKey {
  reference: Reference;
  descending: boolean;
}

/** Where a page ended: each key's exact text as PostgreSQL wrote it, or null. */
export type Position = readonly (string | null)[];

/**
 * Nulls come last. Where the column is required it is not said: `desc nulls last` is the order of no index that Prisma can declare, and
 * PostgreSQL would sort the table for each page.
 */
export function writeOrder(keys: readonly OrderKey[], tables: Tables): Sql {
  return join(
    keys.map(({ reference, descending }) => {
      const column = tables.column(reference);
      if (!descending) return sql`${column} asc`;
      return isNullable(reference) ? sql`${column} desc nulls last` : sql`${column} desc`;
    }),
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
  // Of a required column, PostgreSQL's own order holds. It may have nulls all the same, where the database differs from the
  // schema: they come first when descending, else last.
  if (value === null)
    return key.descending && !isNullable(key.reference)
      ? sql`(${column} is not null or ${afterInRest})`
      : sql`(${column} is null and ${afterInRest})`;
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
