import { z } from 'zod';

type Cell = z.ZodType<string | number | boolean | null>;

/** The types that a cell may have. Clients' validators do not agree on how JSON Schema tells the types of a tuple apart. */
const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A list as a table: a model pays for every repetition of a key. */
export interface Table {
  columns: string[];
  rows: unknown[][];
}

/**
 * A list as a table: `schema` for the output schema, `fill` to put records into it. The cells of a row follow the order
 * in which the columns are given here. Their types are for the compiler alone; clients read any cell the same way.
 */
export function table<Cells extends Record<string, Cell>>(cells: Cells) {
  const columns = Object.keys(cells);
  return {
    schema: z.strictObject({
      columns: z.array(z.string()).describe(`Always ${columns.join(', ')}`),
      rows: z.array(z.array(cell)).describe('One array a row, in the order of columns'),
    }),
    fill: (records: { [Column in keyof Cells]: z.input<Cells[Column]> }[]) => ({
      columns,
      rows: records.map((record) => columns.map((column) => record[column] as z.input<typeof cell>)),
    }),
  };
}

export function isTable(value: unknown): value is Table {
  const { columns, rows } = Object(value) as Partial<Table>;
  return Array.isArray(columns) && Array.isArray(rows);
}

/** The rows of an answer's first table, or 1 for an answer without one. */
export function countRows(answer: Record<string, unknown>): number {
  return Object.values(answer).find(isTable)?.rows.length ?? 1;
}
