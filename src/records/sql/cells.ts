import { raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { ViewColumn } from '../view/view.js';

/** What a masked column shows, null included. It is never read. */
export const MASK = '***';

/**
 * Writes a column as text, which neither a driver nor JSON can round. Bytes give their number.
 * @param longest characters; of a longer text one more is read, which tells that it was cut
 */
export function writeCell(column: Sql, { type, native, isList, masked }: ViewColumn, longest: number): Sql {
  if (masked) return raw('null');
  if (isList)
    return sql`left(array_to_json(${type === 'Bytes' ? sql`array(select octet_length(e) from unnest(${column}) as u(e))` : sql`${column}::text[]`})::text, ${longest + 1}::int)`;
  if (type === 'Bytes') return sql`octet_length(${column})::text`;
  if (type === 'Json' || (type === 'String' && !SHORT.has(native ?? '')))
    return sql`left(${column}::text, ${longest + 1}::int)`;
  return sql`${column}::text`;
}

const SHORT = new Set(['Uuid', 'Inet']);
