import os from 'node:os';
import { markdownTable } from '../../scripts/markdown.mjs';
import { groupBy } from '../group-by.mjs';
import { PEER_VERSIONS } from './servers/peers.mjs';

/** @typedef {import('./compare.mjs').Row} Row */

/**
 * The results and their setting, as Markdown.
 * @param {Row[]} rows
 * @param {import('./options.mjs').Options} options
 * @param {string} postgresVersion
 */
export function report(rows, { size, blocks, calls, callsAtOnce }, postgresVersion) {
  const cores = `${os.availableParallelism()} cores (${os.cpus()[0]?.model.trim() ?? 'unknown'})`;
  const machine = `${cores}, which client, servers and PostgreSQL ${postgresVersion} share; Node ${process.versions.node}.`;
  const users = `${size.users.toLocaleString('en')} users or ${size.orders.toLocaleString('en')} orders, unless the figure says otherwise.`;
  const extent = `Each ratio is the median of ${blocks} pairs of blocks, of up to ${calls} calls one at a time or ${callsAtOnce} calls 32 at once.`;
  const date = new Date().toISOString().slice(0, 10);
  return [
    `Made on ${date} on ${machine} ${PEER_VERSIONS}. ${users} ${extent}`,
    targetsTable(rows),
    fieldTable(rows),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** The figures that have a target, in each form that they were asked in. @param {Row[]} rows */
function targetsTable(rows) {
  return markdownTable(
    ['figure', 'asked', 'against', 'target', 'ratio', 'half of the pairs', 'Steward, the other', 'reached'],
    rows
      .filter(({ isMain }) => isMain)
      .map((row) => [
        row.figure,
        row.form || '–',
        row.against,
        target(row),
        `**${row.ratio.median.toFixed(2)}**`,
        spread(row),
        `${row.ours}, ${row.theirs}`,
        { true: 'yes', false: '**no**', undefined: '–' }[String(isReached(row))] ?? '',
      ]),
  );
}

/** Steward beside everybody who was measured with it; empty where that was one alone. @param {Row[]} rows */
function fieldTable(rows) {
  const groups = groupBy(rows, ({ figure, form }) => (form ? `${figure}, ${form}` : figure));
  const wide = [...groups].filter(([, group]) => group.length > 1);
  if (wide.length === 0) return '';
  const others = [...new Set(wide.flatMap(([, group]) => group.map(({ against }) => against)))];
  return markdownTable(
    ['Steward / the other', 'Steward', ...others],
    wide.map(([name, group]) => [
      name,
      group[0]?.ours ?? '',
      ...others.map((other) => {
        const row = group.find(({ against }) => against === other);
        return row ? row.ratio.median.toFixed(2) : '–';
      }),
    ]),
  );
}

/** @param {Row} row */
export function inOneLine(row) {
  const { figure, form, against, ratio } = row;
  return `${figure}${form && `, ${form}`}, beside ${against}: ${ratio.median.toFixed(2)} (${spread(row)})`;
}

/** @param {Row} row */
function target({ target: wanted }) {
  if (!wanted) return '–';
  return 'most' in wanted ? `≤ ${wanted.most.toFixed(2)}` : `≥ ${wanted.least.toFixed(2)}`;
}

/** @param {Row} row */
function spread({ ratio: { low, high } }) {
  return low === undefined || high === undefined ? '–' : `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

/** @param {Row} row @returns {boolean | undefined} undefined where there is no target */
export function isReached({ target: wanted, ratio }) {
  if (!wanted) return undefined;
  return 'most' in wanted ? ratio.median <= wanted.most : ratio.median >= wanted.least;
}
