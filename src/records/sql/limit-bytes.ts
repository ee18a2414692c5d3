import { raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';

/** Rows of fewer bytes are read without being measured: the measure takes as long as the rows themselves. */
export const UNMEASURED_BYTES = 4 * 1024 * 1024;

/**
 * Sends no row that begins beyond `mostBytes`, but always the first. `seen` counts all rows.
 * @param names of the columns of `rows`
 */
export function writeByteLimit(rows: Sql, names: readonly string[], mostBytes: number): Sql {
  const before = raw(
    'sum(octet_length(page::text)) over (rows between unbounded preceding and current row) - octet_length(page::text)',
  );
  return sql`select ${raw([...names, 'seen'].join())} from (select page.*, (count(*) over ())::text as seen, ${before} as before from (${rows}) as page) as sized where before < ${mostBytes}::int`;
}
