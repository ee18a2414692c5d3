import { distance } from 'fastest-levenshtein';

/** Characters of a text that are compared: names are shorter, and another program may have stored texts of any length. */
const COMPARED = 100;

/** The words most like the given one, nearest first. One that begins as it does, or holds it, is nearer than any other. */
export function nearestWords(word: string, known: Iterable<string>, most: number): string[] {
  const lower = prepare(word);
  return leastBy(known, most, (candidate) => {
    const other = prepare(candidate);
    if (other.startsWith(lower) || (other !== '' && lower.startsWith(other))) return 0.5;
    return other.includes(lower) ? 1 : distance(lower, other);
  });
}

/** The word that the given one was probably meant to be; undefined if none is alike. */
export function findNearest(word: string, known: Iterable<string>): string | undefined {
  const lower = prepare(word);
  const distanceTo = (candidate: string) => distance(lower, prepare(candidate));
  const [best] = leastBy(known, 1, distanceTo);
  return best !== undefined && distanceTo(best) <= Math.max(1, Math.floor(lower.length / 3))
    ? best
    : undefined;
}

/** A question for the reader, or nothing: ` Did you mean 'x'?` */
export function suggest(word: string, known: Iterable<string>): string {
  const nearest = findNearest(word, known);
  return nearest === undefined ? '' : ` Did you mean '${nearest}'?`;
}

function prepare(word: string): string {
  return word.slice(0, COMPARED).toLowerCase();
}

/** One pass that keeps a few, since there may be many. Of equals the first stays before the others. */
function leastBy(words: Iterable<string>, most: number, score: (word: string) => number): string[] {
  const kept: { word: string; score: number }[] = [];
  for (const word of words) {
    const found = { word, score: score(word) };
    const at = kept.findLastIndex((other) => other.score <= found.score) + 1;
    if (at < most) kept.splice(at, 0, found);
    if (kept.length > most) kept.pop();
  }
  return kept.map((found) => found.word);
}
