import { readFile, writeFile } from 'node:fs/promises';
import { formatMarkdown, replaceSection } from '../scripts/generated-section.mjs';
import { summary } from './report.mjs';

/** @typedef {import('./suite/run.mjs').Row} Row */

const PAGE = new URL('../docs/conformance.md', import.meta.url);

/** Brings the table in docs/conformance.md up to date. @param {Row[]} rows */
export async function writePage(rows) {
  await writeFile(PAGE, await current(rows));
}

/** @param {Row[]} rows @returns {Promise<number>} 1 where the table is not what came of this run */
export async function checkPage(rows) {
  if ((await readFile(PAGE, 'utf8')) === (await current(rows))) return 0;
  console.log('FAILED       docs/conformance.md is not up to date. Run: npm run conformance -- --write');
  return 1;
}

/** @param {Row[]} rows */
async function current(rows) {
  const lines = rows.map(
    ({ name, result, note }) => `| \`${name}\` | ${result} | ${note.replaceAll('|', '\\|')} |`,
  );
  const table = ['| scenario | result | reason |', '| --- | --- | --- |', ...lines].join('\n');
  const page = await readFile(PAGE, 'utf8');
  return formatMarkdown(replaceSection(page, 'suite', `${summary(rows)}.\n\n${table}`), PAGE);
}
