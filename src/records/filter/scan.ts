import { refuse, type Place } from '../argument.js';

export interface Token extends Place {
  kind: 'word' | 'quoted' | 'sign' | 'end';
  /** As it was written, but a quoted value without its quotes. */
  text: string;
}

/** A word is a name, a path, a keyword, a number, a time: what stands between spaces, brackets, commas and signs. */
const TOKEN =
  /\s+|'(?<single>(?:[^']|'')*)'|"(?<double>(?:[^"]|"")*)"|(?<sign><=|>=|!=|<>|=|<|>|\(|\)|,)|(?<word>(?:`[^`]*`|[\p{L}\p{M}\p{N}_$.:+\-@%/#*~&])+)/uy;

/** @throws StewardError VALIDATION for a character that belongs to nothing */
export function scan(text: string, argument: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  // Characters as a reader counts them: an emoji is one.
  let next = 1;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const at = next;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) {
      const quote = /^['"`]/.exec(text.slice(start))?.[0];
      if (quote !== undefined) refuse(`The ${quote} here is not closed.`, { at }, argument);
      refuse(
        `Put values with characters such as ${text.slice(start).match(/./su)?.[0]} in quotes.`,
        { at },
        argument,
      );
    }
    next += Array.from(text.slice(start, TOKEN.lastIndex)).length;
    const { single, double, sign, word } = groups;
    if (single !== undefined) tokens.push({ kind: 'quoted', text: single.replaceAll("''", "'"), at });
    else if (double !== undefined) tokens.push({ kind: 'quoted', text: double.replaceAll('""', '"'), at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign === '<>' ? '!=' : sign, at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
  }
  tokens.push({ kind: 'end', text: 'the end', at: next });
  return tokens;
}
