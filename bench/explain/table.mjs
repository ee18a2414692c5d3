import { groupBy } from '../group-by.mjs';

/** @typedef {import('./plan.mjs').Judged} Judged */

/**
 * Prints one row a plan: the slowest statement with it. Statements that read too much are all printed.
 * @param {Judged[]} rows
 * @param {number} userCount
 */
export function printTable(rows, userCount) {
  console.log(
    `| slowest read, ${userCount} users | others | plan for its values | rows read | buffers | ms | plan for any values | rows | ms |`,
  );
  console.log('| --- | --: | --- | --: | --: | --: | --- | --: | --: |');
  const byPlan = groupBy(rows, ({ label, custom, generic, verdict }) =>
    JSON.stringify([custom.nodes, generic?.nodes, verdict && label]),
  );
  for (const alike of byPlan.values()) {
    const [slowest, ...others] = alike.toSorted((a, b) => b.custom.ms - a.custom.ms);
    if (slowest) console.log(`| ${cellsOf(slowest, others.length).join(' | ')} |`);
  }
  const failed = rows.filter((row) => row.verdict !== '').length;
  console.error(
    failed > 0
      ? `${failed} of ${rows.length} statements read too much`
      : `All ${rows.length} statements are answered by index`,
  );
}

/** @param {Judged} row @param {number} others how many statements have the same plan */
function cellsOf({ label, custom, generic, verdict }, others) {
  const plan = custom.nodes.join(', ');
  const other = generic?.nodes.join(', ');
  return [
    verdict ? `${label} **${verdict}**` : label,
    others,
    plan,
    custom.rows,
    custom.buffers,
    custom.ms.toFixed(2),
    other === undefined ? 'never' : other === plan ? 'the same' : other,
    generic?.rows ?? '',
    generic?.ms.toFixed(2) ?? '',
  ];
}
