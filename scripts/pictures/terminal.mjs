const FONT_SIZE = 13;
const COLUMN = 7.8;
const ROW = 18;
const MARGIN = 16;
const BAR = 30;

/** What is written after a code of ANSI; a code of 0, or one that ends a style, is not here. @type {Record<string, string>} */
const STYLES = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 36: 'cyan' };

// A window of its own colours can be read on a light page and on a dark one.
const STYLESHEET = `text { fill: #d0d7de; white-space: pre }
.bold { fill: #ffffff; font-weight: bold }
.dim { fill: #8b949e }
.red { fill: #ff7b72 }
.green { fill: #56d364 }
.cyan { fill: #56d4dd }`;

/** @typedef {{ style: string, text: string, column: number }} Run letters of one style, side by side */

/**
 * What stands in a terminal, as an SVG: the same for the same text.
 * @param {string} printed with the codes of ANSI
 * @param {{ columns: number, title: string }} terminal its title says to those who do not see it what it shows
 */
export function drawTerminal(printed, { columns, title }) {
  const rows = splitRows(printed.trimEnd(), columns);
  const width = Math.round(columns * COLUMN + 2 * MARGIN);
  const height = BAR + rows.length * ROW + MARGIN;
  const buttons = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${MARGIN + 6 + index * 20}" cy="16" r="5.5" fill="${fill}"/>`,
  );
  const texts = rows.flatMap((runs, row) => runs.map((run) => drawRun(run, BAR + (row + 1) * ROW)));
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" xml:space="preserve">
<title>${escapeText(title)}</title>
<style>
${STYLESHEET}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#0d1117" stroke="#444c56"/>
${[...buttons, ...texts].join('\n')}
</svg>
`;
}

/** A line that is too long goes on in the next row, as in a terminal. @param {string} printed @param {number} columns */
function splitRows(printed, columns) {
  /** @type {Run[][]} */
  const rows = [[]];
  let style = '';
  let column = 0;
  const begin = () => {
    rows.push([]);
    column = 0;
  };
  // eslint-disable-next-line no-control-regex
  for (const [piece, code] of printed.matchAll(/\u001b\[(\d+)m|[^]/g)) {
    if (code !== undefined) {
      style = STYLES[code] ?? '';
      continue;
    }
    if (piece === '\n' || column === columns) begin();
    if (piece === '\n') continue;
    const runs = /** @type {Run[]} */ (rows.at(-1));
    const last = runs.at(-1);
    if (last?.style === style) last.text += piece;
    else runs.push({ style, text: piece, column });
    column++;
  }
  return rows;
}

/** Its length is given, since fonts differ in width. @param {Run} run @param {number} y */
function drawRun({ style, text, column }, y) {
  const indent = text.length - text.trimStart().length;
  const letters = text.trim();
  if (letters === '') return [];
  const x = MARGIN + (column + indent) * COLUMN;
  const length = letters.length * COLUMN;
  const named = style === '' ? '' : ` class="${style}"`;
  return `<text x="${x.toFixed(1)}" y="${y}" textLength="${length.toFixed(1)}"${named}>${escapeText(letters)}</text>`;
}

/** @param {string} text */
const escapeText = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
