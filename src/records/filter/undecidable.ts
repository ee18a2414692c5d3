import type { ViewRelation } from '../view/view.js';
import { nameOf, type Condition, type Leaf } from './condition.js';

/** What may be null under a negation, and so keeps rows from being found that a reader may expect. */
export interface Undecidable {
  names: readonly string[];
  /** False for required relations alone: they lead nowhere only where no foreign key guards them. */
  isExpected: boolean;
}

export function listUndecidable(condition: Condition): Undecidable {
  const parts = listParts(condition, false);
  const optional = parts.filter(({ isRequired }) => !isRequired);
  const isExpected = optional.length > 0;
  return { names: [...new Set((isExpected ? optional : parts).map(({ name }) => name))], isExpected };
}

interface Part {
  name: string;
  isRequired: boolean;
}

function listParts(condition: Condition, negated: boolean): Part[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.terms.flatMap((term) => listParts(term, negated));
    case 'not':
      return listParts(condition.term, true);
    case 'compare':
    case 'in':
    case 'match': {
      const { reference } = condition;
      const column = { name: nameOf(reference), isRequired: reference.column.isRequired };
      const parts = [...listSteps(reference.relations), ...(column.isRequired ? [] : [column])];
      return isNegative(condition, negated) ? parts : [];
    }
    case 'related':
      return isNegative(condition, negated) ? listSteps(condition.relations.slice(0, -1)) : [];
    default:
      return [];
  }
}

function listSteps(relations: readonly ViewRelation[]): Part[] {
  return relations.map(({ isRequired }, at) => ({
    name: relations
      .slice(0, at + 1)
      .map(({ name }) => name)
      .join('.'),
    isRequired,
  }));
}

/** True where a reader may expect rows that lack a value, as with `!=` and `none`. */
export function isNegative(condition: Leaf, negated: boolean): boolean {
  if (condition.kind === 'compare' && condition.operator === '!=') return true;
  return negated || (condition.kind === 'related' && condition.quantifier === 'none');
}
