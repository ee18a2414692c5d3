/** The number of rows of each table. */
export type RowCounts = [table: string, rows: number][];
