import { z } from 'zod';
import { isTable, type Table } from './table.js';

/**
 * An answer as text for a model: `name: value` lines, then tables as tab-separated columns, before them the columns that are
 * the same in every row, as `column=value`. Nothing is left out.
 */
export function renderText({ shape }: z.ZodObject, answer: Record<string, unknown>): string {
  const lines: string[] = [];
  const tables: string[] = [];
  for (const [name, value] of Object.entries(answer)) {
    if (shape[name] instanceof z.ZodRecord) lines.push(`${name}: ${renderJson(value)}`);
    else if (isTable(value)) tables.push(renderTable(value));
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      lines.push(...Object.entries(value).map(([key, member]) => renderLine(key, member)));
    else if (Array.isArray(value)) lines.push(...value.map((item) => renderLine(name, item)));
    else lines.push(name === 'notice' ? String(value) : renderLine(name, value));
  }
  return [...lines, ...tables].join('\n');
}

/** Characters that a reader does not see: controls, line separators, marks that turn the writing direction. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

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

/** A JSON value whose member names are data, too: as lines of their own, they could pass for something the server says. */
function renderJson(value: unknown): string {
  return JSON.stringify(value).replace(INVISIBLE, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
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
  if (typeof value === 'object') return renderJson(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  return value.replaceAll('\\', '\\\\').replace(INVISIBLE, escapeCharacter);
}

const SHORT_ESCAPES: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return SHORT_ESCAPES[character] ?? (code < 0x80 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}
