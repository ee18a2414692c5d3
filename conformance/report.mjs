import { readFile, writeFile } from 'node:fs/promises';
import { formatMarkdown, markdownTable, replaceSection } from '../scripts/markdown.mjs';

/** @typedef {{ name: string, result: 'passed' | 'not offered' | 'FAILED', note: string }} Row */

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

/** The tables of docs/conformance.md. @param {{ revision: string, rows: Row[] }[]} parts */
export function suiteTables(parts) {
  return parts.map(suiteTable).join('\n\n');
}

/** @param {{ revision: string, rows: Row[] }} part */
function suiteTable({ revision, rows }) {
  const cells = rows.map(({ name, result, note }) => [`\`${name}\``, result, note]);
  const table = markdownTable(['scenario', 'result', 'reason'], cells);
  return `### ${revision}\n\n${summary(rows)}.\n\n${table}`;
}

/**
 * Brings a generated section of a page in docs/ up to date, or looks whether it is.
 * @param {string} name of the page
 * @param {string} section
 * @param {string} content
 * @param {boolean} write
 * @returns {Promise<number>} 1 where the section is not what came of this run
 */
export async function updatePage(name, section, content, write) {
  const file = new URL(`../docs/${name}.md`, import.meta.url);
  const page = await readFile(file, 'utf8');
  const current = await formatMarkdown(replaceSection(page, section, content), file);
  if (write) await writeFile(file, current);
  if (write || page === current) return 0;
  console.log(`FAILED       docs/${name}.md is not up to date. Run: npm run conformance -- --write`);
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
