import type { Comment } from '../schema.js';
import type { SchemaFile } from './files.js';

export interface NumberedComment {
  lines: readonly Comment[];
  isPlain: boolean;
}

const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g;

/**
 * Replaces the text of each comment that may be documentation by its number. Where the parser has a number, the comment
 * documents something; where it has not, it stands where Prisma drops it.
 */
export function numberComments({ name: file, text }: SchemaFile, comments: NumberedComment[]): string {
  let line = 1;
  let counted = 0;
  return text.replace(STRING_OR_COMMENT, (found, at: number) => {
    if (found.startsWith('"')) return found;
    line += text.slice(counted, at).split('\n').length - 1;
    counted = at;
    const isPlain = /^\/\/(?!\/)/.test(found);
    const isAlone = text.slice(text.lastIndexOf('\n', at) + 1, at).trim() === '';
    // Documented code that was commented out documents nothing.
    if (isPlain && isAlone && found.includes('///')) return found;
    const lines = found
      .replace(/^\/[/*]+|\*\/$/g, '')
      .split('\n')
      .map((one, index) => ({ text: one.trim(), source: { file, line: line + index } }));
    const number = comments.push({ lines, isPlain }) - 1;
    if (isPlain) return found;
    return found.startsWith('//') ? `/// #${number}` : `/* #${number}${'\n'.repeat(lines.length - 1)} */`;
  });
}
