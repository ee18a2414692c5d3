import prettier from 'prettier';

/**
 * Puts `content` between the marks of a generated section.
 * @param {string} text
 * @param {string} name
 * @param {string} content
 */
export function replaceSection(text, name, content) {
  const pattern = new RegExp(`(<!-- generated: ${name} -->)[^]*?(<!-- /generated -->)`);
  if (!pattern.test(text)) throw new Error(`There is no section "generated: ${name}"`);
  return text.replace(pattern, (_, open, close) => `${open}\n\n${content}\n\n${close}`);
}

/** The same in SQL: each section of that name, whose lines are indented as its marks are. @param {string} text @param {string} name @param {string[]} lines */
export function replaceSql(text, name, lines) {
  const pattern = new RegExp(`^( *)(-- generated: ${name}\n)[^]*?^ *(-- /generated)$`, 'gm');
  if (text.search(pattern) === -1) throw new Error(`There is no section "generated: ${name}"`);
  return text.replace(pattern, (_, indent, open, close) =>
    [open.trimEnd(), ...lines, close].map((line) => indent + line).join('\n'),
  );
}

/** @param {string[]} head @param {string[][]} rows */
export function markdownTable(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows].map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')),
  );
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** As prettier would have it, which `npm run check` asks for. @param {string} text @param {URL | string} file */
export async function formatMarkdown(text, file) {
  return prettier.format(text, { ...(await prettier.resolveConfig(file)), parser: 'markdown' });
}
