/** A cell of an answer; of related records, a small table of cells. */
export type Cell = string | number | boolean | null | Cell[];

export interface Table {
  columns: string[];
  rows: Cell[][];
}

/** Which columns make a chart, by their names. */
export interface ChartColumns {
  labels: string[];
  values: string[];
  /** The labels are stretches of time, in their order. */
  overTime: boolean;
}

/** A file that the server makes when it is read. */
export interface FileLink {
  uri: string;
  name: string;
}

/** A tool's answer, as far as it is shown. */
export interface Answer {
  table: Table | undefined;
  notes: string[];
  /** The table is not all that there is. */
  more: boolean;
  chart: ChartColumns | undefined;
  csv: FileLink | undefined;
  /** Instead of a table: an error, or an answer without one. */
  text: string;
}

type Members = Record<string, unknown>;

const membersOf = (value: unknown): Members => Object(value) as Members;

/** Reads the result of a tool (specification 2025-11-25, server/tools): its first table, and what the server adds for this page. */
export function readAnswer({ structuredContent, content, isError, _meta: meta }: Members): Answer {
  const answer = isError === true ? {} : membersOf(structuredContent);
  const { chart, csv } = membersOf(membersOf(meta)['steward/shown']) as Partial<Answer>;
  const { notes, more } = answer;
  return {
    table: Object.values(answer).find(isTable),
    notes: Array.isArray(notes) ? notes.map(String) : [],
    more: more === true,
    chart: isChart(chart) ? chart : undefined,
    csv,
    text: Array.isArray(content) ? content.map((block) => textOf(membersOf(block))).join('\n') : '',
  };
}

function isTable(value: unknown): value is Table {
  const { columns, rows } = membersOf(value);
  return Array.isArray(columns) && Array.isArray(rows) && rows.every(Array.isArray);
}

function isChart(value: unknown): value is ChartColumns {
  const { labels, values } = membersOf(value);
  return Array.isArray(labels) && Array.isArray(values);
}

function textOf({ text }: Members): string {
  return typeof text === 'string' ? text : '';
}

/** A cell as people read it. Nothing of it is rounded. */
export function showCell(cell: Cell): string {
  if (cell === null) return '';
  return Array.isArray(cell) ? cell.map(showCell).join(', ') : String(cell);
}

/** A cell as a number, for bars and for sorting; undefined for one that is none. */
export function toNumber(cell: Cell | undefined): number | undefined {
  if (typeof cell !== 'number' && (typeof cell !== 'string' || cell.trim() === '')) return undefined;
  const number = Number(cell);
  return Number.isFinite(number) ? number : undefined;
}
