/**
 * @param {import('./plan.mjs').Judged[]} rows
 * @param {number} userCount
 */
export function printTable(rows, userCount) {
  console.log(
    `| read, ${userCount} users | plan for its values | rows read | buffers | ms | plan for any values | rows | ms |`,
  );
  console.log('| --- | --- | --: | --: | --: | --- | --: | --: |');
  for (const { label, custom, generic, verdict } of rows) {
    const plan = custom.nodes.join(', ');
    const other = generic?.nodes.join(', ');
    const cells = [
      verdict ? `${label} **${verdict}**` : label,
      plan,
      custom.rows,
      custom.buffers,
      custom.ms.toFixed(2),
      other === undefined ? 'never' : other === plan ? 'the same' : other,
      generic?.rows ?? '',
      generic?.ms.toFixed(2) ?? '',
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  const failed = rows.filter((row) => row.verdict !== '').length;
  console.error(
    failed > 0
      ? `${failed} of ${rows.length} statements read too much`
      : `All ${rows.length} statements are answered by index`,
  );
}
