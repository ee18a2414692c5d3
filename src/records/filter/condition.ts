import type { ViewColumn, ViewRelation } from '../view/view.js';
import type { Comparison, Match, Quantifier } from './syntax.js';

/** A filter whose names are looked up in a view and whose values fit the types of their columns. */
export type Condition =
  | { kind: 'and' | 'or'; terms: readonly Condition[] }
  | { kind: 'not'; term: Condition }
  | { kind: 'compare'; reference: Reference; operator: Comparison; value: Value }
  | { kind: 'in'; reference: Reference; values: readonly Value[] }
  | { kind: 'match'; reference: Reference; how: Match; text: string }
  | { kind: 'has'; reference: Reference; value: Value }
  | { kind: 'null'; reference: Reference }
  /** A to-one relation that leads nowhere. */
  | { kind: 'missing'; relations: readonly ViewRelation[] }
  | {
      kind: 'related';
      relations: readonly ViewRelation[];
      quantifier: Quantifier;
      term: Condition | undefined;
    };

/** A condition on a column or a relation. */
export type Leaf = Exclude<Condition, { terms: unknown } | { kind: 'not' }>;

/** A column of a model, or of a model that to-one relations lead to. */
export interface Reference {
  relations: readonly ViewRelation[];
  column: ViewColumn;
}

export type Value =
  /** Read by PostgreSQL as a value of the column's type. */
  | { kind: 'exact'; text: string }
  /** A moment with its zone. */
  | { kind: 'moment'; text: string }
  /** A date and time of day in the zone of the question. */
  | { kind: 'local'; text: string }
  /** A whole day; on a timestamp, in the zone of the question. */
  | { kind: 'day'; text: string }
  /** A distance from the moment of the question, as an interval of PostgreSQL; elapsed, or by the calendar of its zone. */
  | { kind: 'distance'; interval: string; isElapsed: boolean };

/** The name of a reference as it is written in a filter. */
export function nameOf({ relations, column }: Reference): string {
  return [...relations, column].map(({ name }) => name).join('.');
}
