import type { Path, Place } from '../argument.js';
import type { ViewColumn } from '../view/view.js';

/** A filter as it was written: no name is looked up yet, and no value is read as a type. */
export type Filter =
  | { kind: 'and' | 'or'; terms: readonly Filter[] }
  | { kind: 'not'; term: Filter }
  | { kind: 'compare'; path: Path; operator: Comparison; value: Literal }
  | { kind: 'in'; path: Path; values: readonly Literal[] }
  | { kind: 'match'; path: Path; how: Match; value: Literal }
  | { kind: 'has'; path: Path; value: Literal }
  | { kind: 'null'; path: Path }
  | { kind: 'related'; path: Path; quantifier: Quantifier; term: Filter | undefined };

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Match = 'contains' | 'starts with' | 'ends with';
export type Quantifier = 'some' | 'none' | 'every';

export interface Literal extends Place {
  text: string;
  /** In quotes a value is text, never a keyword such as null. */
  quoted: boolean;
  /**
   * Of a value that is not known yet: returns one that the column takes, in place of the text.
   * @param example where the column takes another text than its type does
   */
  sample?(column: ViewColumn, example?: string): string;
}

/** The filter with each of its values replaced. */
export function mapLiterals(filter: Filter, map: (literal: Literal) => Literal): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, terms: filter.terms.map((term) => mapLiterals(term, map)) };
    case 'not':
      return { ...filter, term: mapLiterals(filter.term, map) };
    case 'related':
      return { ...filter, term: filter.term && mapLiterals(filter.term, map) };
    case 'in':
      return { ...filter, values: filter.values.map(map) };
    case 'null':
      return filter;
    default:
      return { ...filter, value: map(filter.value) };
  }
}

export const LIMITS = { characters: 4000, depth: 8, terms: 50, values: 200 };
