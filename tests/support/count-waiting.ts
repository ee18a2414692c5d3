/** How many sessions of a database wait for a lock. @param text that their statement has */
export async function countWaiting(
  database: { query(sql: string): Promise<unknown[]> },
  text = '',
): Promise<number> {
  const sql = `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  const waiting = (await database.query(sql)) as { query: string }[];
  return waiting.filter(({ query }) => query.includes(text)).length;
}
