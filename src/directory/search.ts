import { StewardError } from '../errors.js';

/**
 * A trigram index can look up three letters or digits in a row, or fewer at the edge of a part of a name, as in "a_b" or
 * "al.". A search without such a word would read every user.
 */
const INDEXED_WORD = /[\p{L}\p{N}]{3}|[\p{L}\p{N}]{2}[^\p{L}\p{N}]|[^\p{L}\p{N}][\p{L}\p{N}]/u;

/**
 * Matches users whose name or email contains every word of the text, in any case.
 * @throws StewardError VALIDATION when none of the words can be looked up in the index
 */
export function matchesSearch(text: string): { AND: { searchText: { contains: string } }[] } {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.some((word) => INDEXED_WORD.test(word))) {
    throw new StewardError('VALIDATION', 'search: give at least one word with 3 letters or digits in a row.');
  }
  return { AND: words.map((word) => ({ searchText: { contains: escapeLike(word) } })) };
}

/** Prisma passes `contains` on to LIKE, where these three characters are special. */
function escapeLike(word: string): string {
  return word.replace(/[\\%_]/g, (character) => `\\${character}`);
}
