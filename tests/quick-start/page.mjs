/** @typedef {{ commands: string, shown: string | undefined }} Step shown: what the page says they print, if it says so */

/** The commands of a page, and what stands below them. @param {string} page @returns {Step[]} */
export function readSteps(page) {
  return [...page.matchAll(/^```sh\n([^]*?)^```\n(?:\n```(?:text|json)\n([^]*?)^```\n)?/gm)].map(
    ([, commands = '', shown]) => ({ commands, shown }),
  );
}

/**
 * Whether a page shows what was printed. `…` stands for anything: as a line of its own for lines, within a line for a part.
 * @param {string} shown
 * @param {string} printed
 */
export function agree(shown, printed) {
  const lines = shown
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\n)*' : `${escapePattern(line).replaceAll('…', '.*')}\n`));
  return new RegExp(`^${lines.join('')}$`).test(`${printed.trim()}\n`);
}

/** @param {string} text */
const escapePattern = (text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
