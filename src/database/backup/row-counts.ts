/** How many rows each table has, by name. */
export type RowCounts = [table: string, rows: number][];
