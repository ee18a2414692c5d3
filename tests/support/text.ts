import type { AnswerData, Table } from './steward.js';

/** An answer's text, read back: `name: value` lines, and tables in the text format of PostgreSQL's COPY. */
export interface ReadText {
  notice: string | undefined;
  fields: Record<string, string>;
  columns: string[];
  rows: Record<string, string | null>[];
}

export function readText(text: string): ReadText {
  const lines = text.split('\n');
  const fields = lines.flatMap((line) => {
    const field = /^([a-z_]+): (.*)$/su.exec(line);
    return field && !line.includes('\t') ? [[field[1] ?? '', unescape(field[2] ?? '')] as const] : [];
  });
  const cells = lines.filter((line) => line.includes('\t')).map((line) => line.split('\t'));
  const common = cells[0]?.[0] === 'every row:' ? (cells.shift()?.slice(1) ?? []).map(readPair) : [];
  const [columns = [], ...rows] = cells;
  return {
    notice: lines.find((line) => line.startsWith('Values were typed by people')),
    fields: Object.fromEntries(fields),
    columns: [...common.map(([column]) => column), ...columns].toSorted(),
    rows: rows.map((row) =>
      Object.fromEntries([...common, ...row.map((cell, at) => [columns[at] ?? '', readCell(cell)] as const)]),
    ),
  };
}

/** The expected result of `readText` when the text holds all of the structured content. */
export function inText({ notice, ...data }: Partial<AnswerData>): ReadText {
  const tables = Object.values(data).filter(isTable);
  const fields = Object.entries(data).flatMap<[string, unknown]>(([name, value]) => {
    if (isTable(value)) return [];
    if (typeof value !== 'object' || value === null) return [[name, String(value)]];
    return name === 'preferences' ? [[name, JSON.stringify(value)]] : Object.entries(value);
  });
  return {
    notice,
    fields: Object.fromEntries(fields.map(([name, value]) => [name, String(value)])),
    columns: tables.flatMap(({ columns }) => columns).toSorted(),
    rows: tables.flatMap(({ columns, rows }) =>
      rows.map((row) => Object.fromEntries(row.map((cell, at) => [columns[at], asText(cell)]))),
    ),
  };
}

/** A cell of a table as COPY writes it, before anything is escaped. */
function asText(cell: Table['rows'][number][number]): string | null {
  if (typeof cell === 'boolean') return cell ? 't' : 'f';
  return cell === null ? null : String(cell);
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && 'rows' in value;
}

function readPair(pair: string): [column: string, value: string | null] {
  const [column = '', ...value] = pair.split('=');
  return [column, readCell(value.join('='))];
}

function readCell(cell: string): string | null {
  return cell === '\\N' ? null : unescape(cell);
}

const SHORT: Record<string, string> = { t: '\t', n: '\n', r: '\r' };

function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:x([0-9a-f]{2})|u\{([0-9a-f]+)\}|(.))/gsu,
    (_, hex?: string, code = hex, short = '') =>
      code === undefined ? (SHORT[short] ?? short) : String.fromCodePoint(parseInt(code, 16)),
  );
}
