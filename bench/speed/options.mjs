import { parseArgs } from 'node:util';
import { FIGURES } from './figures/index.mjs';

/**
 * `size.many`: the users or orders where depth and totals are measured.
 * @typedef {typeof FULL & { help: boolean, size: { users: number, orders: number, many: number }, only: string[], keep: boolean, again: boolean, judge: boolean, write: string | undefined }} Options
 */

export const HELP = `Usage: npm run bench -- [NAME …] [options]

Measures Steward beside other MCP servers for PostgreSQL, on one database, in alternating blocks of calls. Prints a
table of ratios and targets.

Names are those of figures, or of a group of them; without any, all are measured:
${FIGURES.map(({ name, what }) => `  ${name.padEnd(20)}${what}`).join('\n')}
  ${'records'.padEnd(20)}all those of records, but the start

  --only NAME    the same as NAME
  --blocks N     blocks of each server (default 40)
  --users N      users of the directory (default 100000), also where depth and totals are measured (default 1000000)
  --short        10,000 users or orders and few, short blocks: to see that it works, not what it measures
  --keep         leave the databases (steward_bench_…) and the role steward_bench_reader where they are
  --again        use those that --keep left, and leave them
  --write FILE   put the table into the section "generated: bench" of FILE, too
  --judge        exit code 1 if a target is missed
  --help         this text

The peers come from the npm registry, pinned, into folders "steward-bench" and "steward-node" of your cache folder.
TEST_DATABASE_URL names a PostgreSQL on which databases may be created (default:
postgresql://postgres@127.0.0.1:5432/postgres).

Exit code: 0 where everything was measured, 1 where something was not, 2 where the options are wrong or the peers
cannot be had.`;

/**
 * How often each server has its turn, with how many calls, one at a time or 32 at once. `warmUp`: calls of each topic before
 * anything is timed; V8 compiles for so long what they use. `firstCalls`: of a process that has just started.
 */
const FULL = {
  blocks: 40,
  calls: 50,
  callsAtOnce: 320,
  callsBeforeMemory: 10_000,
  warmUp: 3000,
  firstCalls: 300,
};
const SHORT = { blocks: 2, calls: 15, callsAtOnce: 64, callsBeforeMemory: 100, warmUp: 10, firstCalls: 15 };

/** @returns {Options} @throws for an option that is wrong */
export function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      blocks: { type: 'string' },
      users: { type: 'string' },
      short: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
      write: { type: 'string' },
      judge: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const extent = values.short ? SHORT : FULL;
  const one = values.users ?? (values.short ? '10000' : undefined);
  const users = wholeNumber('users', one ?? '100000', 10_000);
  const asked = [...values.only, ...positionals];
  const unknown = asked.filter((name) => !FIGURES.some((figure) => isMeant(figure, name)));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: there is no such figure.`);
  const only = FIGURES.filter((figure) => asked.length === 0 || asked.some((name) => isMeant(figure, name)));
  return {
    ...extent,
    blocks: wholeNumber('blocks', values.blocks ?? String(extent.blocks), 1),
    help: values.help,
    size: { users, orders: values.short ? 10_000 : 100_000, many: one === undefined ? 1_000_000 : users },
    only: only.map(({ name }) => name),
    keep: values.keep || values.again,
    again: values.again,
    judge: values.judge,
    write: values.write,
  };
}

/** @param {{ name: string, group?: string }} figure @param {string} asked */
const isMeant = ({ name, group }, asked) => asked === name || asked === group;

/** @param {string} name @param {string} text @param {number} least */
function wholeNumber(name, text, least) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} must be a whole number from ${least}.`);
}
