import { StewardError } from '../errors.js';

/**
 * A trigram index can look up three letters or digits in a row, or fewer at the edge of a part of a name, as in "a_b" or
 * "al.". A search without such a word would read every user.
 */
const INDEXED_WORD = /[\p{L}\p{N}]{3}|[\p{L}\p{N}]{2}[^\p{L}\p{N}]|[^\p{L}\p{N}][\p{L}\p{N}]/u;

/**
 * The patterns of LIKE for users whose name or email contains every word of the text; search_text is in lower case.
 * @throws StewardError VALIDATION when none of the words can be looked up in the index
 */
export function toPatterns(text: string): string[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.some((word) => INDEXED_WORD.test(word))) {
    throw new StewardError('VALIDATION', 'search: give at least one word with 3 letters or digits in a row.');
  }
  return words.map((word) => `%${word.replace(/[\\%_]/g, (character) => `\\${character}`)}%`);
}
