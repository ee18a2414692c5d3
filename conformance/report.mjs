/** @typedef {import('./suite/run.mjs').Row} Row */

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

/** @param {Row[]} rows */
export function summary(rows) {
  const count = (/** @type {Row['result']} */ wanted) =>
    rows.filter(({ result }) => result === wanted).length;
  const parts = [`${count('passed')} of ${rows.length} passed`];
  if (count('not offered') > 0) parts.push(`${count('not offered')} not offered, with the reason`);
  if (count('FAILED') > 0) parts.push(`${count('FAILED')} FAILED`);
  return parts.join('; ');
}
