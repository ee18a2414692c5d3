import { showCell, toNumber, type Cell, type Table } from './answer.js';
import { element } from './element.js';

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Makes a table that sorts by a column at a click on its heading: up, down, and as it was. */
export function makeTable({ columns, rows }: Table): HTMLTableElement {
  const areNumbers = columns.map((_, at) => isNumeric(rows.map((row) => row[at] ?? null)));
  const body = element('tbody');
  const fill = (sorted: readonly Cell[][]) => {
    body.replaceChildren(...sorted.map((row) => makeRow(row, areNumbers)));
  };
  fill(rows);
  const headings = columns.map((name, at) => {
    const button = element('button', { type: 'button' }, name);
    const heading = element('th', { scope: 'col', class: areNumbers[at] ? 'number' : '' }, button);
    button.addEventListener('click', () => {
      const direction = NEXT[heading.getAttribute('aria-sort') ?? 'none'] ?? 'none';
      for (const other of headings) other.removeAttribute('aria-sort');
      if (direction !== 'none') heading.setAttribute('aria-sort', direction);
      fill(direction === 'none' ? rows : sortRows(rows, at, direction === 'descending'));
    });
    return heading;
  });
  return element('table', {}, element('thead', {}, element('tr', {}, ...headings)), body);
}

const NEXT: Record<string, string> = { none: 'ascending', ascending: 'descending', descending: 'none' };

function makeRow(row: readonly Cell[], areNumbers: readonly boolean[]): HTMLTableRowElement {
  return element(
    'tr',
    {},
    ...row.map((cell, at) =>
      element('td', { class: cell === null ? 'missing' : areNumbers[at] ? 'number' : '' }, showCell(cell)),
    ),
  );
}

function isNumeric(cells: readonly Cell[]): boolean {
  const there = cells.filter((cell) => cell !== null);
  return there.length > 0 && there.every((cell) => toNumber(cell) !== undefined);
}

function compare(a: Cell, b: Cell): number {
  const [x, y] = [toNumber(a), toNumber(b)];
  // Numbers of many digits may be equal to JavaScript; their texts are not.
  const order = x === undefined || y === undefined ? 0 : x - y;
  return order || collator.compare(showCell(a), showCell(b));
}

/** Missing values come last, either way. */
function sortRows(rows: readonly Cell[][], at: number, descending: boolean): Cell[][] {
  return rows.toSorted((one, other) => {
    const [a = null, b = null] = [one[at], other[at]];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return descending ? compare(b, a) : compare(a, b);
  });
}
