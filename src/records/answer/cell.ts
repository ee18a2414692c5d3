import { MASK } from '../sql/cells.js';
import type { ViewColumn } from '../view/view.js';

/** A value as an answer holds it. What JSON would lose stays text. */
export type Cell = string | number | boolean | null;

/** Where a text was cut. */
export const CUT = '…';

/**
 * Reads what PostgreSQL wrote as text. A value of an enum that the schema lacks stays as it is stored.
 * @param longest characters of a text
 */
export function readCell(column: ViewColumn, text: string | null, longest: number): Cell {
  const { type, native, isList, masked } = column;
  if (masked) return MASK;
  if (text === null) return null;
  if (isLonger(text, longest)) return `${Array.from(text).slice(0, longest).join('')}${CUT}`;
  if (isList) return readList(column, text);
  switch (type) {
    case 'Int':
    case 'Bytes':
      return Number(text);
    case 'Float':
      return readFloat(text);
    case 'Boolean':
      return text === 'true';
    case 'DateTime':
      return readTime(native, text);
    case 'Enum':
      return column.values?.values.find(({ stored }) => stored === text)?.name ?? text;
    default:
      return text;
  }
}

/** Counts characters as PostgreSQL does, by code points. */
export function isLonger(text: string, longest: number): boolean {
  return text.length > longest && Array.from(text).length > longest;
}

/** NaN, infinities and minus zero are no numbers of JSON. */
function readFloat(text: string): Cell {
  const value = Number(text);
  return Number.isFinite(value) && !Object.is(value, -0) ? value : text;
}

/** PostgreSQL writes `2026-05-01 09:00:00+00`, and `infinity`; in ISO 8601 that is 2026-05-01T09:00:00Z. */
function readTime(native: string | undefined, text: string): string {
  if (native === 'Date' || native === 'Time' || native === 'Timetz') return text;
  const [, day, time, era = ''] = /^(\d+-\d\d-\d\d) ([\d:.]+)(?:\+00)?( BC)?$/.exec(text) ?? [];
  return day === undefined ? text : `${day}T${time}Z${era}`;
}

/** A list of PostgreSQL may have several dimensions. The lengths of bytes are numbers. */
type Nested = string | number | null | Nested[];

/** A list stands in its cell as JSON. Its elements are read as cells of their own. */
function readList(column: ViewColumn, text: string): string {
  const element = { ...column, isList: false };
  const write = (value: Nested): string => {
    if (Array.isArray(value)) return `[${value.map(write).join()}]`;
    // JSON stays as it was written: read as JavaScript, its numbers would be rounded.
    if (column.type === 'Json' && value !== null) return String(value);
    return JSON.stringify(readCell(element, value === null ? null : String(value), Infinity));
  };
  return write(JSON.parse(text) as Nested);
}
