/**
 * Rows as lines with their cells in columns; a row of one cell is a line of its own.
 * @param numeric how many of the first columns hold numbers, which stand to the right
 */
export function alignColumns(rows: string[][], numeric = 0): string[] {
  const widths: number[] = [];
  for (const row of rows.filter((cells) => cells.length > 1)) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  const pad = (cell: string, column: number) =>
    column < numeric ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => (row.length === 1 ? row : row.map(pad)).join('  ').trimEnd());
}
