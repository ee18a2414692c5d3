import { drawTerminal } from './terminal.mjs';

const COMMAND = 'npx steward-mcp demo';
const TITLE = `The end of ${COMMAND}: sums by country from a shop, and a hidden field that cannot be asked for.`;

/** The last steps of the demo: those before hold times. @param {string} printed by it, in colours */
export function drawDemo(printed) {
  // Written where a machine is slow.
  const steps = printed.replace(/^.*\(the database is still being made …\).*\n/gm, '');
  // eslint-disable-next-line no-control-regex
  const start = steps.search(/^\u001b\[1m\d+\. Which countries/m);
  if (start === -1) throw new Error(`The demo has no step about countries in colours:\n${printed}`);
  return drawTerminal(`$ ${COMMAND}\n…\n\n${steps.slice(start)}`, { columns: 100, title: TITLE });
}
