import { raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';

/** Rows of fewer bytes are read without being measured: the measure takes as long as the rows themselves. */
export const UNMEASURED_BYTES = 4 * 1024 * 1024;

/**
 * Sends no row that begins beyond `mostBytes`, but always the first. `more` is `true` in a row with another behind it, sent or
 * not: for that PostgreSQL holds one row. To count them it would hold them all, and write them to its disk.
 * @param names of the columns of `rows`, all of them text
 */
export function writeByteLimit(rows: Sql, names: readonly string[], mostBytes: number): Sql {
  const bytes = raw(names.map((name) => `coalesce(octet_length(page.${name}), 0)`).join(' + '));
  return sql`select ${raw([...names, 'more'].join())} from (select page.*, (lead(true) over so_far)::text as more, sum(${bytes}) over so_far - (${bytes}) as before from (${rows}) as page window so_far as (rows between unbounded preceding and current row)) as sized where before < ${mostBytes}::int`;
}
