import { showUnseenIn } from '../../visible-text.js';
import type { Cell } from '../answer/cell.js';
import type { NestedRows } from '../answer/rows.js';
import type { ViewColumn } from '../view/view.js';
import { MOST_BYTES, refuseTooLarge } from './bounds.js';

/** All rows of a question, to be saved. */
export interface WholeTable {
  columns: { name: string; isFreeText: boolean }[];
  rows: (Cell | NestedRows)[][];
  /** What a reader must know of them. */
  notes: string[];
}

/** Whether its values are texts that people chose, which a spreadsheet could take for a formula. */
export function isFreeText({ type, isList }: Pick<ViewColumn, 'type' | 'isList'>): boolean {
  return isList || type === 'String' || type === 'Json' || type === 'Enum';
}

/**
 * Writes CSV (RFC 4180), in UTF-8. A missing value is nothing, an empty text is `""`. A text that a spreadsheet would take for
 * a formula gets an apostrophe before it (OWASP, CSV injection); numbers never do. The first line that is too much ends it:
 * nobody else is served while lines are written.
 * @throws StewardError VALIDATION beyond MOST_BYTES
 */
export function writeCsv({ columns, rows }: WholeTable): string {
  let file = writeLine(columns.map(({ name }) => writeField(name)));
  let bytes = JSON_QUOTES + measureInJson(file);
  for (const row of rows) {
    const line = writeLine(row.map((cell, at) => writeCell(cell, columns[at]?.isFreeText ?? true)));
    bytes += measureInJson(line);
    if (bytes > MOST_BYTES) refuseTooLarge();
    file += line;
  }
  return file;
}

/** Around a text. */
const JSON_QUOTES = 2;

function measureInJson(line: string): number {
  return Buffer.byteLength(JSON.stringify(line)) - JSON_QUOTES;
}

function writeLine(fields: readonly string[]): string {
  return `${fields.join()}\r\n`;
}

/** Also in full width, as East Asian keyboards type them. */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

function writeCell(cell: Cell | NestedRows, isText: boolean): string {
  if (cell === null) return '';
  const text = showUnseenIn(typeof cell === 'object' ? JSON.stringify(cell) : String(cell));
  return writeField(isText && FORMULA.test(text) ? `'${text}` : text);
}

function writeField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
