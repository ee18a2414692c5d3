import type { Path, Place } from '../argument.js';

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
}

export const LIMITS = { characters: 4000, depth: 8, terms: 50, values: 200 };
