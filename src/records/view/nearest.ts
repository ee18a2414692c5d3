import { distance } from 'fastest-levenshtein';

/** The words, those most like the given one first. One that begins as it does, or holds it, is more like it. */
export function rankByLikeness(word: string, known: Iterable<string>): string[] {
  const lower = word.toLowerCase();
  const score = (candidate: string): number => {
    const other = candidate.toLowerCase();
    if (other.startsWith(lower) || lower.startsWith(other)) return 0.5;
    return other.includes(lower) ? 1 : distance(lower, other);
  };
  return [...known]
    .map((candidate) => ({ candidate, score: score(candidate) }))
    .toSorted((a, b) => a.score - b.score)
    .map(({ candidate }) => candidate);
}

/** The known word that the given one was probably meant to be; undefined if none is alike. */
export function findNearest(word: string, known: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  const ranked = [...known]
    .map((candidate) => ({ candidate, distance: distance(lower, candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, Math.floor(lower.length / 3)) ? best.candidate : undefined;
}

/** A question for the reader, or nothing: ` Did you mean 'x'?` */
export function suggest(word: string, known: Iterable<string>): string {
  const nearest = findNearest(word, known);
  return nearest === undefined ? '' : ` Did you mean '${nearest}'?`;
}
