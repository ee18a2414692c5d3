import { raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { ViewColumn } from '../view/view.js';

/** What a masked column shows, null included. It is never read. */
export const MASK = '***';

/** Money as a number: what PostgreSQL writes of money depends on the server's country, and it has no average. */
export function writeNumber(column: Sql, { native, isList }: ViewColumn): Sql {
  if (native !== 'Money') return column;
  return isList ? sql`${column}::numeric[]` : sql`${column}::numeric`;
}

/**
 * Writes a column as text, which neither a driver nor JSON can round. Bytes give their number.
 * @param longest characters; of a longer text one more is read, which tells that it was cut
 */
export function writeCell(column: Sql, described: ViewColumn, longest: number): Sql {
  const { type, native, isList, masked } = described;
  if (masked) return raw('null');
  if (isList) return sql`left(array_to_json(${writeElements(column, described)})::text, ${longest + 1}::int)`;
  if (type === 'Bytes') return sql`octet_length(${column})::text`;
  const text = sql`${writeNumber(column, described)}::text`;
  // A numeric may have 147,455 digits.
  const mayBeLong = type === 'Json' || type === 'Decimal' || (type === 'String' && !SHORT.has(native ?? ''));
  return mayBeLong ? sql`left(${text}, ${longest + 1}::int)` : text;
}

function writeElements(list: Sql, column: ViewColumn): Sql {
  if (column.type !== 'Bytes') return sql`${writeNumber(list, column)}::text[]`;
  return sql`case when ${list} is not null then array(select octet_length(e) from unnest(${list}) as u(e)) end`;
}

const SHORT = new Set(['Uuid', 'Inet']);
