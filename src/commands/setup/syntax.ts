/** Edits text of a kind of file. What is not edited keeps its every character. */
export interface Syntax {
  /** @param text without a byte order mark @throws Problem with line and column */
  read(text: string): Record<string, unknown>;
  /** Sets the value at a path of keys, which are letters, digits, _ and -, making the objects on the way. @throws Problem where one of them is something else */
  set(text: string, keys: readonly string[], value: unknown): string;
  /** Takes out what is at a path of keys, which is there. */
  remove(text: string, keys: readonly string[]): string;
}

export type Edit = [start: number, end: number, text: string];

/** @param edits that do not overlap; of several at one place, the first comes first */
export function splice(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted(([a], [b]) => a - b)
    .reduceRight((whole, [start, end, put]) => whole.slice(0, start) + put + whole.slice(end), text);
}

export function endOfLineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
