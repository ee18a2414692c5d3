import { z } from 'zod';
import { isObject } from '../../json-object.js';
import { showUnseen, toVisibleJson } from '../../visible-text.js';
import { isTable, type Table } from './table.js';

/**
 * An answer as text for a model: `name: value` lines, then tables as tab-separated columns, before them the columns that are
 * the same in every row, as `column=value`. Nothing is left out.
 */
export function renderText({ shape }: z.ZodObject, answer: Record<string, unknown>): string {
  const lines: string[] = [];
  const tables: string[] = [];
  const opened = areDistinct(answer);
  for (const [name, value] of Object.entries(answer)) {
    // Names of members are data, too: as lines of their own, they could pass for something the server says.
    if (isRecord(shape[name])) lines.push(`${name}: ${toVisibleJson(value)}`);
    else if (isTable(value)) tables.push(renderTable(value));
    else if (opened && isObject(value))
      lines.push(...Object.entries(value).map(([key, member]) => renderLine(key, member)));
    else if (Array.isArray(value)) lines.push(...value.map((item) => renderLine(name, item)));
    else lines.push(name === 'notice' ? String(value) : renderLine(name, value));
  }
  return [...lines, ...tables].join('\n');
}

/** Whether each line says what it is about where the members of objects have lines of their own. */
function areDistinct(answer: Record<string, unknown>): boolean {
  const names = Object.entries(answer).flatMap(([name, value]) =>
    isObject(value) && !isTable(value) ? Object.keys(value) : name,
  );
  return new Set(names).size === names.length;
}

function isRecord(schema: unknown): boolean {
  return schema instanceof z.ZodOptional ? isRecord(schema.unwrap()) : schema instanceof z.ZodRecord;
}

/** Begins the line of the cells that are the same in every row. */
const IN_EVERY_ROW = 'every row:';

/** A value that all rows share is written once, before them; the first column tells the rows apart, and stays. */
function renderTable({ columns, rows }: Table): string {
  const cells = rows.map((row) => row.map(renderTableCell));
  const [first = [], ...others] = cells;
  const shared = columns.map(
    (_, at) => at > 0 && others.length > 0 && others.every((row) => row[at] === first[at]),
  );
  const common = columns.flatMap((column, at) => (shared[at] ? [`${column}=${first[at]}`] : []));
  const lines = [columns, ...cells].map((row) => row.filter((_, at) => !shared[at]).join('\t'));
  return [...(common.length > 0 ? [`${IN_EVERY_ROW}\t${common.join('\t')}`] : []), ...lines].join('\n');
}

/** PostgreSQL's COPY writes `t` and `f`, which says as much in a column that has a name. */
function renderTableCell(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 't' : 'f') : renderCell(value);
}

function renderLine(name: string, value: unknown): string {
  return `${name}: ${value === null ? 'null' : renderCell(value)}`;
}

/**
 * One value on one line. Escapes are those of PostgreSQL's COPY text format (`\N` null, `\t`, `\x7f`, `\\`), and characters
 * that a reader does not see, such as those that turn the writing direction, are shown as `\u....`: a value must not
 * be able to pass for the end of its cell, or for something the server says.
 */
export function renderCell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'object') return toVisibleJson(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  return showUnseen(value.replaceAll('\\', '\\\\'));
}
