import { readFile, writeFile } from 'node:fs/promises';
import { formatMarkdown, markdownTable, replaceSection } from '../scripts/markdown.mjs';

/** @typedef {{ name: string, result: 'passed' | 'not offered' | 'FAILED', note: string }} Row */

const PAGE = new URL('../docs/conformance.md', import.meta.url);

/**
 * Prints what came of a part.
 * @param {string} title
 * @param {{ rows: Row[], faults: string[] }} part
 * @returns {number} how much of it failed
 */
export function printPart(title, { rows, faults }) {
  const widest = Math.max(...rows.map(({ name }) => name.length));
  console.log(`\n${title}\n`);
  for (const { name, result, note } of rows)
    console.log(`${result.padEnd(11)}  ${name.padEnd(widest)}  ${note}`.trimEnd());
  for (const fault of faults) console.log(`FAILED       ${fault}`);
  console.log(`\n${summary(rows)}${faults.length > 0 ? `; ${faults.length} faults besides` : ''}.`);
  return faults.length + rows.filter(({ result }) => result === 'FAILED').length;
}

/**
 * Brings the table in docs/conformance.md up to date, or looks whether it is.
 * @param {Row[]} rows @param {boolean} write
 * @returns {Promise<number>} 1 where the table is not what came of this run
 */
export async function updatePage(rows, write) {
  const cells = rows.map(({ name, result, note }) => [`\`${name}\``, result, note]);
  const table = markdownTable(['scenario', 'result', 'reason'], cells);
  const page = await readFile(PAGE, 'utf8');
  const current = await formatMarkdown(replaceSection(page, 'suite', `${summary(rows)}.\n\n${table}`), PAGE);
  if (write) await writeFile(PAGE, current);
  if (write || page === current) return 0;
  console.log('FAILED       docs/conformance.md is not up to date. Run: npm run conformance -- --write');
  return 1;
}

/** @param {Row[]} rows */
function summary(rows) {
  const count = (/** @type {Row['result']} */ wanted) =>
    rows.filter(({ result }) => result === wanted).length;
  const parts = [`${count('passed')} of ${rows.length} passed`];
  if (count('not offered') > 0) parts.push(`${count('not offered')} not offered, with the reason`);
  if (count('FAILED') > 0) parts.push(`${count('FAILED')} FAILED`);
  return parts.join('; ');
}
