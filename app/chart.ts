import { BarChart, LineChart } from 'chartist';
import { showCell, toNumber, type Cell, type ChartColumns, type Table } from './answer.js';
import { element } from './element.js';

/** More would be bars that nobody tells apart. */
const MOST_DRAWN = 50;
/** Pixels. */
const BAR_HEIGHT = 26;
const AXIS_HEIGHT = 40;
const LINE_HEIGHT = 240;
const LABEL_WIDTH = 170;
const TIME_LABEL_WIDTH = 80;
const VALUE_LABEL_WIDTH = 60;
/** Characters. */
const LONGEST_LABEL = 22;

/** Makes a chart of one column of an answer, with a choice where there are several. It is drawn as soon as it is in the page. */
export function makeChart(table: Table, { labels, values, overTime }: ChartColumns): HTMLElement {
  const drawing = element('div', { class: 'drawing' });
  const first = table.rows.slice(0, MOST_DRAWN);
  // Bars are drawn from the lowest one up.
  const rows = overTime ? first : first.toReversed();
  const cellOf = (row: Cell[] | undefined, column: string) => row?.[table.columns.indexOf(column)] ?? null;
  const names = rows.map((row) => labels.map((label) => showCell(cellOf(row, label)) || 'none').join(' · '));
  const draw = (column: string) => {
    const series = rows.map((row) => toNumber(cellOf(row, column)));
    drawing.setAttribute('role', 'img');
    drawing.setAttribute('aria-label', `${column}, by ${labels.join(', ')}`);
    const chart = overTime ? drawLine(drawing, names, series) : drawBars(drawing, names, series);
    chart.on('draw', (drawn) => {
      if (drawn.type !== 'bar' && drawn.type !== 'point') return;
      const cell = cellOf(rows[drawn.index], column);
      drawn.element.elem('title').text(`${names[drawn.index]}: ${showCell(cell)}`);
    });
  };
  const choice = element('select', { 'aria-label': 'What the chart shows' });
  choice.append(...values.map((column) => element('option', { value: column }, column)));
  choice.addEventListener('change', () => draw(choice.value));
  requestAnimationFrame(() => draw(values[0] ?? ''));
  const caption: (Node | string)[] = values.length > 1 ? [choice] : [values[0] ?? ''];
  if (table.rows.length > MOST_DRAWN)
    caption.push(` The first ${MOST_DRAWN} of ${table.rows.length} are drawn.`);
  return element('figure', {}, element('figcaption', {}, ...caption), drawing);
}

type Series = (number | undefined)[];

/** From zero on, so that no difference looks larger than it is. */
const lowOf = (series: Series) => Math.min(0, ...series.map((value) => value ?? 0));

/** Of whole numbers, at whole numbers. */
const axisOf = (series: Series) => ({
  onlyInteger: series.every((value) => value === undefined || Number.isInteger(value)),
});

function drawBars(drawing: HTMLElement, labels: string[], series: Series) {
  drawing.style.height = `${labels.length * BAR_HEIGHT + AXIS_HEIGHT}px`;
  return new BarChart(
    drawing,
    { labels, series: [series] },
    {
      horizontalBars: true,
      low: lowOf(series),
      chartPadding: { right: VALUE_LABEL_WIDTH },
      axisX: { ...axisOf(series), scaleMinSpace: VALUE_LABEL_WIDTH },
      axisY: {
        offset: LABEL_WIDTH,
        showGrid: false,
        labelInterpolationFnc: (label) => shorten(String(label)),
      },
    },
  );
}

function shorten(label: string): string {
  const characters = Array.from(label);
  return characters.length > LONGEST_LABEL ? `${characters.slice(0, LONGEST_LABEL - 1).join('')}…` : label;
}

function drawLine(drawing: HTMLElement, labels: string[], series: Series) {
  drawing.style.height = `${LINE_HEIGHT}px`;
  const each = Math.ceil((labels.length * TIME_LABEL_WIDTH) / Math.max(1, drawing.clientWidth));
  return new LineChart(
    drawing,
    { labels, series: [series] },
    {
      fullWidth: true,
      low: lowOf(series),
      lineSmooth: false,
      chartPadding: { right: TIME_LABEL_WIDTH },
      axisY: axisOf(series),
      axisX: {
        showGrid: false,
        labelInterpolationFnc: (label, at) => (at % each === 0 ? String(label) : null),
      },
    },
  );
}
